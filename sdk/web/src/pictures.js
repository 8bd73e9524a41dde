// The video element and its pictures: when it is given a stream, when a picture is shown, and what the browser counts.

/**
 * What a stay was like so far.
 * @typedef {object} PlayerStats
 * @property {string} transport `whep`, `hls` or `none`
 * @property {number} joins sessions that were begun
 * @property {number} stalls times that the picture stood still, as it was watched here
 * @property {number} stalled_ms for how long in all
 * @property {number} freezes as the browser counts them (W3C webrtc-stats, `freezeCount`)
 * @property {number} frozen_ms its `totalFreezesDuration`
 * @property {number} frames pictures decoded
 * @property {number} lost packets lost
 * @property {number} played_ms since the first picture
 */

/**
 * What the browser counts of a session.
 * @param {RTCPeerConnection} [peer]
 */
export async function countsOf(peer) {
  const sum = { freezes: 0, frozen_ms: 0, frames: 0, lost: 0 }
  if (!peer || peer.signalingState === 'closed') return sum
  const report = await peer.getStats().catch(() => undefined)
  report?.forEach((/** @type {any} */ it) => {
    if (it.type !== 'inbound-rtp') return
    sum.lost += it.packetsLost ?? 0
    if (it.kind !== 'video') return
    sum.freezes += it.freezeCount ?? 0
    sum.frozen_ms += Math.round((it.totalFreezesDuration ?? 0) * 1000)
    sum.frames += it.framesDecoded ?? 0
  })
  return sum
}

/**
 * Gives a video its stream. One that waits for its first picture keeps the browser saying that the page loads, and a host
 * may be long in coming: until the page has loaded, the video gets the stream only when a picture comes.
 * @param {HTMLVideoElement} video
 * @param {import('./whep.js').Join} join
 * @param {() => boolean} mine whether the session is still the one that is shown
 * @param {() => void} given
 */
export function attach(video, join, mine, given) {
  let has = false
  const give = () => {
    if (has || !mine()) return
    has = true
    if (video.srcObject !== join.stream) video.srcObject = join.stream
    given()
  }
  if (document.readyState === 'complete') return give()
  globalThis.addEventListener('load', give, { once: true })
  void join.arrived.then(give)
}

/**
 * Shows the first picture of a session as soon as it comes: whoever has more to do does it behind that, for a browser
 * does one thing at a time. Waits no longer than `ms`, and not at all for a session that is refused.
 * @param {HTMLVideoElement} video
 * @param {import('./whep.js').Join} join
 * @param {number} ms
 * @returns {Promise<void>}
 */
export function firstPicture(video, join, ms) {
  return new Promise((done) => {
    let waits = true
    const enough = () => {
      waits = false
      done()
    }
    setTimeout(enough, ms)
    join.answered.catch(enough)
    void join.arrived.then(() => {
      if (!waits) return
      video.muted = true
      video.srcObject = join.stream
      // Whether a tap is needed is found out once more by the player, which says so.
      video.play().catch(enough)
      if (!('requestVideoFrameCallback' in video)) return enough()
      video.requestVideoFrameCallback((now) => {
        join.shownAt = now
        enough()
      })
    })
  })
}

/**
 * Says of each picture of one session that it was shown, as nearly as the browser tells.
 * @param {HTMLVideoElement} video
 * @param {() => boolean} mine whether the session is still the one that is shown
 * @param {(now: number) => void} shown
 */
export function eachPicture(video, mine, shown) {
  if ('requestVideoFrameCallback' in video) {
    /** @param {number} now */
    const seen = (now) => {
      if (!mine()) return
      shown(now)
      video.requestVideoFrameCallback(seen)
    }
    video.requestVideoFrameCallback(seen)
  } else {
    // The least that every browser says: it plays, and its time goes on.
    const moved = () => {
      if (!mine()) return element.removeEventListener('timeupdate', moved)
      if (element.currentTime > 0) shown(performance.now())
    }
    const element = /** @type {HTMLVideoElement} */ (video)
    element.addEventListener('timeupdate', moved)
  }
}
