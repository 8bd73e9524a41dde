// A host in a browser: publishes a fake camera by WHIP, and stops. Both run inside a page (`page.evaluate`), so they may
// use nothing from outside themselves.

export const publish = async ({ url, room, token, codec, layers, only }) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360, frameRate: 25 } })
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  peer.addTransceiver(stream.getAudioTracks()[0], { direction: 'sendonly' })
  const encodings = layers
    ? [{ rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 120_000 }, { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 350_000 }, { rid: 'h', maxBitrate: 1_200_000 }]
    : [{ maxBitrate: 1_500_000 }]
  const video = peer.addTransceiver(stream.getVideoTracks()[0], { direction: 'sendonly', sendEncodings: encodings })
  const wanted = RTCRtpSender.getCapabilities('video').codecs.filter((it) => it.mimeType.toLowerCase() === `video/${codec}`)
  video.setCodecPreferences(wanted)
  await peer.setLocalDescription()
  const answer = await fetch(`${url}/whip/${room}`, {
    method: 'POST', body: peer.localDescription.sdp,
    headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
  })
  if (answer.status !== 201) throw new Error(`whip: ${answer.status} ${await answer.text()}`)
  let sdp = await answer.text()
  // Of the server's addresses, those that this word is in.
  if (only) sdp = sdp.replace(/^a=candidate:.*\r\n/gm, (line) => (line.split(' ').includes(only) ? line : ''))
  await peer.setRemoteDescription({ type: 'answer', sdp })
  window.publisher = { peer, location: answer.headers.get('location') }
  await new Promise((done, failed) => {
    const look = () => {
      if (peer.connectionState === 'connected') done()
      if (peer.connectionState === 'failed') failed(new Error('publisher: failed'))
    }
    peer.addEventListener('connectionstatechange', look)
    look()
  })
  return { offered: wanted.length, location: window.publisher.location }
}

export const leave = async ({ url, token }) => {
  await fetch(new URL(window.publisher.location, url), { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })
  window.publisher.peer.close()
}
