// Runs in the page before anything of it: a WHEP server inside the browser. A POST to /whep/… is answered by a second
// peer connection that sends a drawn picture and a tone, so that the page's player is tested with real media and no server
// of pictures. window.fakeWhep says what it saw and lets a test misbehave.
;(() => {
  const state = { offers: 0, deleted: 0, peers: [], refuse: 0, frozen: false, tickets: [] }
  window.fakeWhep = state
  const real = window.fetch.bind(window)
  let stream
  // This server is near, however busy the machine is: over a long way the page would pack its offer and post it twice.
  const timings = performance.getEntriesByType.bind(performance)
  performance.getEntriesByType = (kind) => (kind === 'navigation' ? [] : timings(kind))

  function picture() {
    const canvas = document.createElement('canvas')
    canvas.width = 540
    canvas.height = 960
    const g = canvas.getContext('2d')
    let frame = 0
    const draw = () => {
      if (!state.frozen) {
        frame += 1
        const t = frame / 30
        const wall = g.createLinearGradient(0, 0, 540, 960)
        wall.addColorStop(0, '#f4d9cf')
        wall.addColorStop(1, '#c98f8a')
        g.fillStyle = wall
        g.fillRect(0, 0, 540, 960)
        // Shelves with bottles.
        for (let row = 0; row < 3; row++) {
          g.fillStyle = '#8f5a52'
          g.fillRect(30, 250 + row * 130, 480, 8)
          for (let i = 0; i < 7; i++) {
            g.fillStyle = ['#e9b44c', '#9b5de5', '#00a6a6', '#f15bb5', '#fee4a8', '#577590', '#ef476f'][(i + row * 2) % 7]
            const h = 46 + ((i * 37 + row * 19) % 34)
            g.fillRect(48 + i * 66, 250 + row * 130 - h, 30, h)
            g.fillStyle = '#ffffff88'
            g.fillRect(53 + i * 66, 250 + row * 130 - h + 10, 8, h - 18)
          }
        }
        // The host, who sways a little and waves a bottle.
        const sway = Math.sin(t * 1.6) * 10
        g.fillStyle = '#3a2530'
        g.beginPath(); g.ellipse(270 + sway, 470, 118, 150, 0, 0, 7); g.fill()
        g.fillStyle = '#f2c7a8'
        g.beginPath(); g.ellipse(270 + sway, 480, 84, 106, 0, 0, 7); g.fill()
        g.fillRect(240 + sway, 560, 60, 70)
        g.fillStyle = '#3a2530'
        g.beginPath(); g.ellipse(270 + sway, 400, 92, 44, 0, 0, 7); g.fill()
        g.beginPath(); g.arc(240 + sway, 480, 7, 0, 7); g.arc(300 + sway, 480, 7, 0, 7); g.fill()
        g.strokeStyle = '#b4405a'; g.lineWidth = 7
        g.beginPath(); g.arc(270 + sway, 515, 26, 0.3, 2.84); g.stroke()
        g.fillStyle = '#fff5ef'
        g.beginPath(); g.ellipse(270 + sway, 800, 210, 190, 0, 0, 7); g.fill()
        const wave = Math.sin(t * 4) * 18
        g.fillStyle = '#d62f63'; g.fillRect(430 + wave, 560, 46, 96)
        g.fillStyle = '#2b2b33'; g.fillRect(440 + wave, 536, 26, 26)
        g.fillStyle = '#f2c7a8'; g.beginPath(); g.ellipse(452 + wave, 664, 40, 34, 0, 0, 7); g.fill()
        // A clock, so that two pictures always differ.
        g.fillStyle = `hsl(${frame % 360} 80% 60%)`; g.fillRect(0, 0, 6, 6)
      }
    }
    setInterval(draw, 33)
    draw()
    const audio = new AudioContext()
    const tone = audio.createOscillator()
    const out = audio.createMediaStreamDestination()
    tone.connect(out)
    tone.start()
    return new MediaStream([...canvas.captureStream(30).getVideoTracks(), ...out.stream.getAudioTracks()])
  }

  window.fetch = async (input, init = {}) => {
    const url = new URL(typeof input === 'string' ? input : input.url, location.href)
    if (!url.pathname.startsWith('/whep/')) return real(input, init)
    if (init.method === 'DELETE') {
      state.deleted += 1
      return new Response(null, { status: 200 })
    }
    state.offers += 1
    state.tickets.push(init.headers?.authorization ?? '')
    if (state.refuse > 0) {
      state.refuse -= 1
      return new Response('{}', { status: 404, headers: { 'content-type': 'application/problem+json' } })
    }
    stream ??= picture()
    const peer = new RTCPeerConnection()
    state.peers.push(peer)
    await peer.setRemoteDescription({ type: 'offer', sdp: init.body })
    for (const track of stream.getTracks()) peer.addTrack(track, stream)
    await peer.setLocalDescription()
    // The page's candidates are not in its offer: it is found by its own requests, as by an ICE-lite server.
    if (peer.iceGatheringState !== 'complete') {
      await new Promise((done) => {
        peer.addEventListener('icegatheringstatechange', () => peer.iceGatheringState === 'complete' && done())
        setTimeout(done, 500)
      })
    }
    return new Response(peer.localDescription.sdp, {
      status: 201,
      headers: { 'content-type': 'application/sdp', location: `/whep/session/${state.offers}` },
    })
  }
})()
