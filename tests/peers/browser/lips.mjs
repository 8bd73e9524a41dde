// Whether sound and picture come together: a host whose screen flashes as it beeps, once a second, and a shopper who
// notes when he sees the one and hears the other.
//
//   node tests/peers/browser/lips.mjs CODEC [--flashes N] [--again] [--layers] [--via PORT]
//
// BECKON_URL, ROOM, PUBLISH_TOKEN and WATCH_TOKEN say where. With --again the host leaves and another comes while one
// watches; with --layers it sends three simulcast layers, and the shopper begins with the smallest and climbs. Before all
// that the two pages speak to each other without a server: that is what the browser itself puts between sound and
// picture. Prints one line of JSON: milliseconds by which each flash was seen after its beep was heard.
import { createRequire } from 'node:module'
import { leave, publish } from './host.mjs'
import { shopper as shopping } from './shopper.mjs'
const require = createRequire(new URL('../node/package.json', import.meta.url))
const { chromium } = require('playwright-core')

const [codec, ...flags] = process.argv.slice(2)
const option = (name, otherwise) => (flags.includes(name) ? Number(flags[flags.indexOf(name) + 1]) : otherwise)
const { BECKON_URL: url, ROOM: room, PUBLISH_TOKEN: publishToken, WATCH_TOKEN: watchToken } = process.env
const flashes = option('--flashes', 8)
const LIMIT_MS = 60_000

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
    '--allow-loopback-in-peer-connection', '--autoplay-policy=no-user-gesture-required', '--disable-features=WebRtcHideLocalIpsWithMdns'],
})

async function page() {
  const page = await (await browser.newContext({ permissions: ['camera', 'microphone'] })).newPage()
  await page.addInitScript(shopping)
  await page.goto(`${url}/healthz`)
  return page
}

/** In the host's page: its camera and microphone are a screen that flashes and a tone that is heard with it. */
function stage() {
  const [EVERY_S, LASTS_S] = [1, 0.2]
  navigator.mediaDevices.getUserMedia = async () => {
    const sound = new AudioContext({ sampleRate: 48_000 })
    const tone = new OscillatorNode(sound, { frequency: 1000 })
    const gate = new GainNode(sound, { gain: 0 })
    const out = new MediaStreamAudioDestinationNode(sound)
    tone.connect(gate).connect(out)
    tone.start()
    const began = sound.currentTime + 1
    for (let at = 0; at < 300; at += EVERY_S) {
      gate.gain.setValueAtTime(1, began + at)
      gate.gain.setValueAtTime(0, began + at + LASTS_S)
    }
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 })
    const g = canvas.getContext('2d')
    const draw = () => {
      const since = sound.currentTime - began
      g.fillStyle = since >= 0 && since % EVERY_S < LASTS_S ? '#fff' : '#000'
      g.fillRect(0, 0, 320, 180)
      // Something always moves, so that pictures are made at a steady rate.
      g.fillStyle = '#888'
      g.fillRect((performance.now() / 10) % 280, 170, 40, 10)
    }
    setInterval(draw, 40)
    const stream = canvas.captureStream(25)
    stream.addTrack(out.stream.getAudioTracks()[0])
    return stream
  }
}

/** In the shopper's page: joins, and notes when it flashes and when it beeps. */
const watch = async ({ url, room, token, via, offer }) => {
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  if (offer) await peer.setRemoteDescription({ type: 'offer', sdp: offer })
  else for (const kind of ['audio', 'video']) peer.addTransceiver(kind, { direction: 'recvonly' })
  const stream = new MediaStream(peer.getReceivers().map((it) => it.track))
  const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true, srcObject: stream })
  document.body.append(video)
  const seen = []
  const heard = []
  const widths = []
  const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 })
  const g = canvas.getContext('2d', { willReadFrequently: true })
  let bright = true
  const look = (_, { expectedDisplayTime, width }) => {
    g.drawImage(video, 0, 0, 8, 8)
    const now = g.getImageData(2, 2, 1, 1).data[1] > 128
    if (now && !bright) seen.push(expectedDisplayTime)
    bright = now
    if (widths.at(-1) !== width) widths.push(width)
    video.requestVideoFrameCallback(look)
  }
  video.requestVideoFrameCallback(look)
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' })
  const ear = `registerProcessor('ear', class extends AudioWorkletProcessor {
    process([[samples]]) {
      if (!samples) return true
      for (let i = 0; i < samples.length; i++) {
        if (Math.abs(samples[i]) > 0.1) {
          if (currentFrame + i - (this.last ?? 0) > 0.4 * sampleRate) this.port.postMessage((currentFrame + i) / sampleRate)
          this.last = currentFrame + i
        }
      }
      return true
    }
  })`
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([ear], { type: 'text/javascript' })))
  const listener = new AudioWorkletNode(context, 'ear')
  listener.port.onmessage = ({ data }) => {
    const { contextTime, performanceTime } = context.getOutputTimestamp()
    heard.push(performanceTime + (data - contextTime) * 1000)
  }
  context.createMediaStreamSource(stream).connect(listener).connect(context.destination)
  window.noted = () => ({ seen, heard, widths })
  if (!offer) return void (await window.join(peer, { url, room, token, via }))
  await peer.setLocalDescription()
  while (peer.iceGatheringState !== 'complete') await new Promise((done) => setTimeout(done, 20))
  return peer.localDescription.sdp
}

/** In the host's page: what `publish` does, to whoever answers. */
const offer = async ({ codec }) => {
  const stream = await navigator.mediaDevices.getUserMedia()
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  for (const track of stream.getTracks()) peer.addTrack(track, stream)
  const wanted = RTCRtpSender.getCapabilities('video').codecs.filter((it) => it.mimeType.toLowerCase() === `video/${codec}`)
  peer.getTransceivers().find((it) => it.sender.track.kind === 'video').setCodecPreferences(wanted)
  await peer.setLocalDescription()
  while (peer.iceGatheringState !== 'complete') await new Promise((done) => setTimeout(done, 20))
  window.direct = peer
  return peer.localDescription.sdp
}

/** Each flash with the beep that is nearest; those without one are left out. */
function apart({ seen, heard }, from = 0) {
  const all = seen.slice(from).map((flash) => {
    const nearest = heard.reduce((best, beep) => (Math.abs(flash - beep) < Math.abs(flash - best) ? beep : best), -Infinity)
    return Math.round(flash - nearest)
  })
  return all.filter((it) => Math.abs(it) < 500)
}

const result = { codec }
try {
  const publishing = { url, room, token: publishToken, codec, layers: flags.includes('--layers') }
  const staged = async () => {
    const it = await page()
    await it.evaluate(stage)
    return it
  }
  const until = async (shopper, from = 0) => {
    for (const end = Date.now() + LIMIT_MS; ; await new Promise((done) => setTimeout(done, 200))) {
      const noted = await shopper.evaluate(() => window.noted())
      if (apart(noted, from).length >= flashes || Date.now() > end) return noted
    }
  }
  {
    const [host, shopper] = [await staged(), await page()]
    const answer = await shopper.evaluate(watch, { offer: await host.evaluate(offer, publishing) })
    await host.evaluate((sdp) => window.direct.setRemoteDescription({ type: 'answer', sdp }), answer)
    result.direct_apart_ms = apart(await until(shopper))
    for (const it of [host, shopper]) await it.context().close()
  }
  const first = await staged()
  await first.evaluate(publish, publishing)
  const shopper = await page()
  await shopper.evaluate(watch, { url, room, token: watchToken, via: option('--via', 0) })
  const noted = await until(shopper)
  result.apart_ms = apart(noted)
  if (flags.includes('--again')) {
    await first.evaluate(leave, publishing)
    await first.context().close()
    await (await staged()).evaluate(publish, publishing)
    const before = noted.seen.length
    result.again_apart_ms = apart(await until(shopper, before), before)
  }
  result.widths = (await shopper.evaluate(() => window.noted())).widths
  console.log(JSON.stringify(result))
} finally {
  await browser.close()
}
