// Joining a live room by WHEP (draft-ietf-wish-whep): one offer, one answer, media, with as few round trips as a browser
// allows. `begin` may be called before there is anything to show it in; it measures the stages that a shopper waits for.

/**
 * Stages of a join in whole milliseconds since the navigation (or since `since`), each when it was reached.
 * @typedef {object} Stages
 * @property {number} [page_ms] the offer was begun
 * @property {number} [answer_ms] the answer came
 * @property {number} [ice_ms] a path to the server was found
 * @property {number} [dtls_ms] the keys were agreed
 * @property {number} [packet_ms] the first packet of the picture came
 * @property {number} [first_frame_ms] the first picture was shown
 */

/**
 * A WHEP session under way.
 * @typedef {object} Join
 * @property {RTCPeerConnection} peer
 * @property {MediaStream} stream
 * @property {Stages} stages
 * @property {Promise<string>} answered the session's own URL, to end it; a {@link NotJoined} otherwise
 * @property {Promise<void>} arrived the first packet of the picture came
 * @property {AbortController} aborter
 * @property {number} [shownAt] when its first picture was shown, if that was before anybody asked
 */

/**
 * @typedef {object} Source
 * @property {string} [whep] URL of a WHEP endpoint
 * @property {string} [ticket] its bearer token
 * @property {boolean} [twice] the endpoint knows an offer that comes again, and takes it packed: over a long way it is posted
 *   so twice
 * @property {boolean} [gather] wait for candidates before offering: servers of others may need them
 * @property {string} [hls] URL of an HLS playlist
 * @property {string} [page] URL of a page that plays `hls` where the browser cannot
 */

/** A server may ask for patience up to this. */
const RETRY_AFTER_MAX_MS = 60_000
/** An answer, or a path after it, that takes longer than this is given up. */
export const JOIN_MAX_MS = 10_000
/**
 * From this round trip on an offer is posted twice, where that may be (to pack it and to post it again takes a while, too),
 * and a page has time to be painted while it is under way.
 */
const FAR_MS = 75
/** Candidates of this side are waited for at most this long, where they are waited for at all. */
const GATHER_MAX_MS = 500

/** Why a session was not joined. */
export class NotJoined extends Error {
  /**
   * @param {'wait'|'denied'|'failed'} why the host is not there yet; the ticket is not taken; anything else
   * @param {string} message
   * @param {number} [after] when to try again, in milliseconds, if the server said so
   */
  constructor(why, message, after) {
    super(message)
    this.why = why
    this.after = after
  }
}

/** @param {number} at @param {number} since */
export const sinceMs = (at, since) => Math.max(0, Math.round(at - since))

/** Statuses that mean: nobody is live here yet, or no room for one more; ask again. */
const ASK_AGAIN = new Set([404, 409, 425, 429, 503])

/** @param {Response} answer */
function refusal(answer) {
  const seconds = Number(answer.headers.get('retry-after') ?? '')
  const after = seconds > 0 ? Math.min(seconds * 1000, RETRY_AFTER_MAX_MS) : undefined
  if (ASK_AGAIN.has(answer.status)) return new NotJoined('wait', `not live yet (${answer.status})`, after)
  const why = answer.status === 401 || answer.status === 403 ? 'denied' : 'failed'
  return new NotJoined(why, `the room answered ${answer.status}`, after)
}

/**
 * As little delay as the browser allows: the server paces what it sends.
 * @param {RTCRtpReceiver} receiver
 */
function hurry(receiver) {
  // Chromium has both, others one or none; neither is in every version of the DOM's types.
  const it = /** @type {any} */ (receiver)
  if ('jitterBufferTarget' in it) it.jitterBufferTarget = 0
  if ('playoutDelayHint' in it) it.playoutDelayHint = 0
}

/**
 * Whether a round trip takes long, as the page itself has shown. A segment of a request or its answer that is lost then
 * costs the shopper some of them, while a second connection needs one more than the first.
 */
export function isFar() {
  const page = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType?.('navigation')[0])
  return page !== undefined && page.responseStart - page.requestStart > FAR_MS
}

/**
 * An offer takes five segments, and one if it is packed.
 * @param {string} text
 * @returns {Promise<string | Uint8Array<ArrayBuffer>>}
 */
async function packed(text) {
  if (!('CompressionStream' in globalThis)) return text
  const { readable, writable } = new CompressionStream('gzip')
  const writer = writable.getWriter()
  void writer.write(new TextEncoder().encode(text))
  void writer.close()
  const reader = readable.getReader()
  /** @type {number[]} */
  const bytes = []
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Uint8Array(bytes)
    bytes.push(...value)
  }
}

/** @param {RTCPeerConnection} peer */
function gathered(peer) {
  if (peer.iceGatheringState === 'complete') return Promise.resolve()
  return new Promise((done) => {
    const timer = setTimeout(done, GATHER_MAX_MS)
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return
      clearTimeout(timer)
      done(undefined)
    })
  })
}

/**
 * Posts an offer; over a long way twice, if the endpoint knows it again, and then goes on with the first answer that lets
 * the shopper in.
 * @param {Source} source
 * @param {string} offer
 * @param {AbortSignal} signal
 * @param {() => void} left called when it is on its way
 * @returns {Promise<{answer: Response, sdp: string, session: string}>} the session's own URL; empty if it has none
 */
async function post(source, offer, signal, left) {
  const whep = String(source.whep)
  /** @type {Record<string, string>} */
  const headers = { 'content-type': 'application/sdp' }
  if (source.ticket) headers.authorization = `Bearer ${source.ticket}`
  const twice = source.twice === true && isFar()
  const body = twice ? await packed(offer) : offer
  if (body !== offer) headers['content-encoding'] = 'gzip'
  const once = async () => {
    const answer = await fetch(whep, {
      method: 'POST',
      headers,
      body,
      signal,
      // Not `omit`: browsers keep connections with and without credentials apart, and the page's own, which is there
      // already, is one with. A new one would cost a round trip.
      credentials: 'same-origin',
      cache: 'no-store',
    })
    const place = answer.headers.get('location')
    const session = place ? new URL(place, answer.url || new URL(whep, globalThis.location?.href)).href : ''
    return { answer, sdp: await answer.text(), session }
  }
  const first = once()
  const both = twice ? [first, once()] : [first]
  left()
  if (!twice) return first
  const inside = both.map((it) => it.then((its) => (its.answer.ok ? its : Promise.reject(its))))
  // If neither does, an answer says more than none.
  const taken = await Promise.any(inside).catch(() => Promise.any(both).catch(() => first))
  // One that comes so late that the server does not know it any more is a session of its own.
  const late = (/** @type {{session: string}} */ it) => {
    if (it.session !== taken.session) void end(it.session, source.ticket)
  }
  for (const it of both) it.then(late, () => {})
  return taken
}

/**
 * Begins to join a WHEP session: the offer leaves as soon as the browser has made it.
 * @param {Source} source one with `whep`
 * @param {number} [since] what the stages count from
 * @param {() => void} [left] called when the offer is on its way, and not at all if there is none
 * @returns {Join}
 */
export function begin(source, since = 0, left = () => {}) {
  /** @type {Stages} */
  const stages = { page_ms: sinceMs(performance.now(), since) }
  /** @param {keyof Stages} stage */
  const reached = (stage) => (stages[stage] ??= sinceMs(performance.now(), since))
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  const stream = new MediaStream()
  /** @type {(at: unknown) => void} */
  let arrive = () => {}
  /** @type {Promise<void>} */
  const arrived = new Promise((done) => (arrive = () => done()))
  for (const kind of ['video', 'audio']) {
    const { receiver } = peer.addTransceiver(kind, { direction: 'recvonly' })
    hurry(receiver)
    stream.addTrack(receiver.track)
    // A track is muted until its first packet.
    if (kind === 'video') receiver.track.addEventListener('unmute', () => arrive(reached('packet_ms')), { once: true })
  }
  peer.addEventListener('iceconnectionstatechange', () => {
    if (peer.iceConnectionState === 'connected' || peer.iceConnectionState === 'completed') reached('ice_ms')
  })
  peer.addEventListener('connectionstatechange', () => {
    if (peer.connectionState === 'connected') reached('dtls_ms')
  })
  const aborter = new AbortController()
  const answered = (async () => {
    // Without an argument it makes the offer and sets it, in one turn.
    await peer.setLocalDescription()
    if (source.gather) await gathered(peer)
    const timer = setTimeout(() => aborter.abort(), JOIN_MAX_MS)
    let posted
    try {
      posted = await post(source, peer.localDescription?.sdp ?? '', aborter.signal, left)
    } catch (error) {
      throw new NotJoined('failed', `the room cannot be reached: ${error instanceof Error ? error.message : error}`)
    } finally {
      clearTimeout(timer)
    }
    const { answer, sdp, session } = posted
    if (!answer.ok) throw refusal(answer)
    reached('answer_ms')
    if (peer.signalingState === 'closed') {
      end(session, source.ticket)
      throw new NotJoined('failed', 'closed meanwhile')
    }
    try {
      await peer.setRemoteDescription({ type: 'answer', sdp })
    } catch (error) {
      end(session, source.ticket)
      throw new NotJoined('failed', `the answer cannot be used: ${error instanceof Error ? error.message : error}`)
    }
    return session
  })()
  // Whoever takes it over looks at it later; until then a failure is not an unhandled one.
  answered.catch(() => {})
  return { peer, stream, stages, answered, arrived, aborter }
}

/**
 * Ends a session on the server.
 * @param {string} session
 * @param {string} [ticket]
 */
export function end(session, ticket) {
  if (!session) return Promise.resolve()
  const headers = ticket ? { authorization: `Bearer ${ticket}` } : undefined
  // It has to go out while the page goes away; whether it arrives is the server's time-out's business.
  return fetch(session, { method: 'DELETE', headers, keepalive: true, credentials: 'omit' }).then(() => {}, () => {})
}
