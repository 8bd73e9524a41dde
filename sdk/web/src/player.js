/**
 * The player of a live room: from a tap to a moving picture with as few round trips as a browser allows, and back
 * to it by itself when the network or the host goes away.
 *
 * It speaks WHEP (draft-ietf-wish-whep): one offer, one answer, media. `begin` makes the offer and may be called
 * before there is anything to show it in; `Player` takes it over. Rooms that only give HLS are played by the
 * browser where it can. It measures what a shopper waits for: the stages up to the first picture, and stalls.
 *
 * This file stands alone: the room page carries it in its head, other pages import it.
 */

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
 * @property {AbortController} aborter
 */

/**
 * @typedef {object} Source
 * @property {string} [whep] URL of a WHEP endpoint
 * @property {string} [ticket] its bearer token
 * @property {boolean} [gather] wait for candidates before offering: servers of others may need them
 * @property {string} [hls] URL of an HLS playlist
 * @property {string} [page] URL of a page that plays `hls` where the browser cannot
 */

/**
 * `joining`, `waiting` for a host who is not there yet, `playing`, `blocked` until the shopper taps, `held` (connected,
 * but no picture comes), `reconnecting`, `elsewhere` (a page of the shop's plays it), `unplayable`, `closed`.
 * @typedef {'joining'|'waiting'|'playing'|'blocked'|'held'|'reconnecting'|'elsewhere'|'unplayable'|'closed'} PlayerState
 */

/**
 * @typedef {object} PlayerOptions
 * @property {Join} [join] what `begin` has begun already
 * @property {number} [since] what stages count from, as `performance.now()` has it; the navigation if left out
 * @property {() => Promise<Source | undefined>} [renew] where to play from now, when a ticket is not taken any more
 * @property {(state: PlayerState) => void} [onState]
 * @property {(started: {transport: string, stages: Stages}) => void} [onStarted] the first picture is there
 * @property {(stall: {stalled_ms: number}) => void} [onStalled] the picture moves again after so long
 * @property {(stats: PlayerStats) => void} [onStats] now and then
 */

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

/** Bounds of the waits between two attempts, in milliseconds. */
const WAIT_FIRST_MS = 1000
const WAIT_MAX_MS = 10_000
const RETRY_FIRST_MS = 250
const RETRY_MAX_MS = 8000
/** A server may ask for patience up to this. */
const RETRY_AFTER_MAX_MS = 60_000
/** A path that is lost often comes back by itself within this. */
const LOST_MS = 2000
/** An answer, or a path after it, that takes longer than this is given up. */
const JOIN_MAX_MS = 10_000
/** Candidates of this side are waited for at most this long, where they are waited for at all. */
const GATHER_MAX_MS = 500
/** A picture that stands still for this long stalls. */
const STALL_MS = 400
/** A stall of this length is no hiccup: the host or the path is away. */
const HELD_MS = 3000
/**
 * A session that has a path and no picture is given up after half of this to all of it: the host is away, and whoever
 * waits for him must not come back all at once.
 */
const DEAD_MS = 60_000
/** How often the watch looks, and how often numbers are told. */
const WATCH_MS = 200
const STATS_MS = 5000

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
const sinceMs = (at, since) => Math.max(0, Math.round(at - since))

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
 * Begins to join a WHEP session: the offer is on its way when this returns to the event loop.
 * @param {Source} source one with `whep`
 * @param {number} [since] what the stages count from
 * @returns {Join}
 */
export function begin(source, since = 0) {
  /** @type {Stages} */
  const stages = { page_ms: sinceMs(performance.now(), since) }
  /** @param {keyof Stages} stage */
  const reached = (stage) => (stages[stage] ??= sinceMs(performance.now(), since))
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  const stream = new MediaStream()
  for (const kind of ['video', 'audio']) {
    const { receiver } = peer.addTransceiver(kind, { direction: 'recvonly' })
    hurry(receiver)
    stream.addTrack(receiver.track)
    // A track is muted until its first packet.
    if (kind === 'video') receiver.track.addEventListener('unmute', () => reached('packet_ms'), { once: true })
  }
  peer.addEventListener('iceconnectionstatechange', () => {
    if (peer.iceConnectionState === 'connected' || peer.iceConnectionState === 'completed') reached('ice_ms')
  })
  peer.addEventListener('connectionstatechange', () => {
    if (peer.connectionState === 'connected') reached('dtls_ms')
  })
  const aborter = new AbortController()
  const answered = (async () => {
    const whep = String(source.whep)
    // Without an argument it makes the offer and sets it, in one turn.
    await peer.setLocalDescription()
    if (source.gather) await gathered(peer)
    /** @type {Record<string, string>} */
    const headers = { 'content-type': 'application/sdp' }
    if (source.ticket) headers.authorization = `Bearer ${source.ticket}`
    const timer = setTimeout(() => aborter.abort(), JOIN_MAX_MS)
    let answer
    let sdp
    try {
      answer = await fetch(whep, {
        method: 'POST',
        headers,
        body: peer.localDescription?.sdp ?? '',
        signal: aborter.signal,
        credentials: 'omit',
        cache: 'no-store',
      })
      if (!answer.ok) throw refusal(answer)
      sdp = await answer.text()
    } catch (error) {
      if (error instanceof NotJoined) throw error
      throw new NotJoined('failed', `the room cannot be reached: ${error instanceof Error ? error.message : error}`)
    } finally {
      clearTimeout(timer)
    }
    reached('answer_ms')
    const place = answer.headers.get('location')
    const session = place ? new URL(place, answer.url || new URL(whep, globalThis.location?.href)).href : ''
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
  return { peer, stream, stages, answered, aborter }
}

/**
 * Ends a session on the server.
 * @param {string} session
 * @param {string} [ticket]
 */
function end(session, ticket) {
  if (!session) return
  const headers = ticket ? { authorization: `Bearer ${ticket}` } : undefined
  // It has to go out while the page goes away; whether it arrives is the server's time-out's business.
  fetch(session, { method: 'DELETE', headers, keepalive: true, credentials: 'omit' }).catch(() => {})
}

/** Plays one source in one video element. */
export class Player {
  /**
   * @param {HTMLVideoElement} video
   * @param {Source} source
   * @param {PlayerOptions} [options]
   */
  constructor(video, source, options = {}) {
    this.video = video
    this.source = source
    this.options = options
    /** @type {PlayerState} */
    this.state = 'closed'
    this.transport = 'none'
    this.attempts = 0
    this.joins = 0
    this.stalls = 0
    this.stalledMs = 0
    /** Of sessions that are over. */
    this.before = { freezes: 0, frozen_ms: 0, frames: 0, lost: 0 }
    /** @type {Join | undefined} */
    this.join = undefined
    this.session = ''
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.lost = undefined
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.watch = undefined
    /** When the last picture was shown; 0 while none is expected. */
    this.frameAt = 0
    /** Since when the picture stands still; 0 while it moves. */
    this.stillSince = 0
    /** When a session without a picture is given up. */
    this.deadMs = DEAD_MS
    this.startedAt = 0
    this.statsAt = 0
    this.round = 0
    this.onVisible = () => this.looked()
    this.onWaiting = () => this.hlsWaits()
    this.onPlaying = () => this.hlsPlays()
  }

  /** Begins to play, muted; at once, or with the join that was begun already. */
  start() {
    if (this.state !== 'closed') return
    this.video.muted = true
    this.video.playsInline = true
    document.addEventListener('visibilitychange', this.onVisible)
    this.watch = setInterval(() => this.look(), WATCH_MS)
    if (this.source.whep) {
      const begun = this.options.join
      this.options.join = undefined
      this.attempt(begun)
    } else if (this.source.hls) {
      this.startHls(this.source.hls)
    } else {
      this.become('unplayable')
    }
  }

  /** Ends it, here and on the server. */
  stop() {
    clearInterval(this.watch)
    clearTimeout(this.timer)
    document.removeEventListener('visibilitychange', this.onVisible)
    this.video.removeEventListener('waiting', this.onWaiting)
    this.video.removeEventListener('playing', this.onPlaying)
    this.leave()
    this.stillSince = 0
    if (this.transport === 'hls') {
      this.video.removeAttribute('src')
      this.video.load()
    }
    this.become('closed')
  }

  /** Tries at once instead of at the next time: something has happened that makes it likely to go well. */
  retry() {
    if (this.state !== 'waiting' && this.state !== 'reconnecting') return
    this.attempts = 0
    this.attempt()
  }

  /** Sound on: to be called from a tap. Also plays, where the browser had wanted a tap first. */
  unmute() {
    this.video.muted = false
    return this.play()
  }

  /** Sound off. */
  mute() {
    this.video.muted = true
  }

  /** @returns {Promise<PlayerStats>} */
  async stats() {
    const now = await this.counted()
    const before = this.before
    const standing = this.stillSince ? performance.now() - this.stillSince : 0
    return {
      transport: this.transport,
      joins: this.joins,
      stalls: this.stalls + (this.stillSince ? 1 : 0),
      stalled_ms: Math.round(this.stalledMs + standing),
      freezes: before.freezes + now.freezes,
      frozen_ms: before.frozen_ms + now.frozen_ms,
      frames: before.frames + now.frames,
      lost: before.lost + now.lost,
      played_ms: this.startedAt ? Math.round(performance.now() - this.startedAt) : 0,
    }
  }

  /**
   * What the browser counts of a session.
   * @param {RTCPeerConnection} [peer] of the present one if left out
   */
  async counted(peer = this.join?.peer) {
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

  /** @param {PlayerState} state */
  become(state) {
    if (this.state === state) return
    this.state = state
    this.options.onState?.(state)
  }

  /** @param {Join} [begun] */
  attempt(begun) {
    clearTimeout(this.timer)
    this.leave()
    const round = ++this.round
    const mine = () => round === this.round
    this.become(this.startedAt ? 'reconnecting' : this.state === 'waiting' ? 'waiting' : 'joining')
    this.transport = 'whep'
    this.deadMs = DEAD_MS * (0.5 + Math.random() / 2)
    this.joins += 1
    /** @type {Join} */
    let join
    try {
      join = begun ?? begin(this.source, this.options.since)
    } catch {
      // No WebRTC in this browser.
      if (this.source.hls) this.startHls(this.source.hls)
      else this.become('unplayable')
      return
    }
    this.join = join
    const { peer } = join
    const changed = () => mine() && this.connection(peer.connectionState)
    peer.addEventListener('connectionstatechange', changed)
    this.video.srcObject = join.stream
    this.play()
    this.awaitFrame(mine)
    join.answered.then(
      (session) => {
        if (!mine()) return end(session, this.source.ticket)
        this.session = session
        clearTimeout(this.lost)
        this.lost = setTimeout(() => mine() && peer.connectionState !== 'connected' && this.again('failed'), JOIN_MAX_MS)
        changed()
      },
      (/** @type {unknown} */ error) => {
        if (!mine()) return
        if (error instanceof NotJoined) this.again(error.why, error.after)
        else this.again('failed')
      },
    )
  }

  /** @param {RTCPeerConnectionState} state */
  connection(state) {
    if (state === 'connected') {
      clearTimeout(this.lost)
      this.attempts = 0
      // From now on pictures are due.
      if (!this.frameAt) this.frameAt = performance.now()
    } else if (state === 'disconnected') {
      clearTimeout(this.lost)
      const round = this.round
      this.lost = setTimeout(() => round === this.round && this.again('failed'), LOST_MS)
    } else if (state === 'failed') {
      this.again('failed')
    }
  }

  /**
   * Leaves, and joins again after a wait: longer each time, and never for all at the same moment.
   * @param {'wait'|'denied'|'failed'} why
   * @param {number} [after]
   */
  again(why, after) {
    this.leave()
    const [first, most] = why === 'failed' ? [RETRY_FIRST_MS, RETRY_MAX_MS] : [WAIT_FIRST_MS, WAIT_MAX_MS]
    const wait = after ?? Math.min(most, first * 2 ** Math.min(this.attempts, 16)) * (0.5 + Math.random() / 2)
    this.attempts += 1
    this.become(why === 'wait' && !this.startedAt ? 'waiting' : 'reconnecting')
    const round = this.round
    clearTimeout(this.timer)
    this.timer = setTimeout(async () => {
      if (why === 'denied') {
        const renewed = await this.options.renew?.().catch(() => undefined)
        if (round !== this.round || this.state === 'closed') return
        if (renewed?.whep) this.source = renewed
      }
      this.attempt()
    }, wait)
  }

  /** Ends the present session. */
  leave() {
    this.round += 1
    clearTimeout(this.lost)
    // What was shown last stands still until the next session's first picture.
    if (this.startedAt && this.frameAt && !this.stillSince) this.stillSince = this.frameAt
    this.frameAt = 0
    const join = this.join
    this.join = undefined
    if (!join) return
    void this.keep(join)
    if (this.session) end(this.session, this.source.ticket)
    else join.aborter.abort()
    this.session = ''
  }

  /**
   * Keeps what a session has counted, and closes it.
   * @param {Join} join
   */
  async keep(join) {
    const late = setTimeout(() => join.peer.close(), LOST_MS)
    const now = await this.counted(join.peer)
    clearTimeout(late)
    join.peer.close()
    for (const key of /** @type {const} */ (['freezes', 'frozen_ms', 'frames', 'lost'])) this.before[key] += now[key]
  }

  async play() {
    try {
      await this.video.play()
      if (this.state === 'blocked') this.become(this.startedAt ? 'playing' : 'joining')
    } catch (error) {
      // Some browsers (low power mode) want a tap even for a muted picture.
      const name = error instanceof DOMException ? error.name : ''
      if (name === 'NotAllowedError' && this.state !== 'closed') this.become('blocked')
    }
  }

  /**
   * Follows the pictures of one session.
   * @param {() => boolean} mine
   */
  awaitFrame(mine) {
    const video = this.video
    if ('requestVideoFrameCallback' in video) {
      /** @param {number} now */
      const shown = (now) => {
        if (!mine()) return
        this.shown(now)
        video.requestVideoFrameCallback(shown)
      }
      video.requestVideoFrameCallback(shown)
    } else {
      // The least that every browser says: it plays, and its time goes on.
      const moved = () => {
        if (!mine()) return element.removeEventListener('timeupdate', moved)
        if (element.currentTime > 0) this.shown(performance.now())
      }
      const element = /** @type {HTMLVideoElement} */ (video)
      element.addEventListener('timeupdate', moved)
    }
  }

  /**
   * A picture was shown.
   * @param {number} now
   */
  shown(now) {
    const isFirst = !this.startedAt
    if (isFirst) this.startedAt = now
    this.frameAt = now
    this.moves(now)
    if (!isFirst) return
    const stages = this.join?.stages ?? {}
    stages.first_frame_ms = sinceMs(now, this.options.since ?? 0)
    this.options.onStarted?.({ transport: this.transport, stages })
  }

  /**
   * Whatever stood still moves again.
   * @param {number} now
   */
  moves(now) {
    if (this.stillSince) {
      const stalled = Math.round(now - this.stillSince)
      this.stillSince = 0
      this.stalls += 1
      this.stalledMs += stalled
      this.options.onStalled?.({ stalled_ms: stalled })
    }
    if (this.state !== 'closed') this.become('playing')
  }

  /** The watch: does the picture stand still? */
  look() {
    const now = performance.now()
    if (now - this.statsAt >= STATS_MS && this.startedAt && this.options.onStats) {
      this.statsAt = now
      void this.stats().then((it) => this.options.onStats?.(it))
    }
    if (this.transport !== 'whep' || document.visibilityState !== 'visible' || this.video.paused) return
    const still = this.frameAt ? now - this.frameAt : 0
    if (this.startedAt && still > STALL_MS && !this.stillSince) this.stillSince = this.frameAt
    if (!this.frameAt || this.state === 'blocked') return
    if (still > this.deadMs) this.again('failed')
    else if (still > HELD_MS && this.join) this.become(this.startedAt ? 'held' : 'waiting')
  }

  /** A page that nobody sees shows no pictures: that is no stall. */
  looked() {
    if (this.stillSince && document.visibilityState === 'hidden') {
      this.stalledMs += performance.now() - this.stillSince
      this.stalls += 1
      this.stillSince = 0
    }
    if (this.frameAt) this.frameAt = performance.now()
    if (document.visibilityState === 'visible') {
      if (this.video.paused && this.state !== 'closed') void this.play()
      this.retry()
    }
  }

  /** @param {string} url */
  startHls(url) {
    this.transport = 'hls'
    if (!this.video.canPlayType('application/vnd.apple.mpegurl')) {
      this.become(this.source.page ? 'elsewhere' : 'unplayable')
      return
    }
    this.joins += 1
    this.become('joining')
    this.video.srcObject = null
    this.video.src = url
    const round = ++this.round
    const mine = () => round === this.round
    this.video.addEventListener('waiting', this.onWaiting)
    this.video.addEventListener('playing', this.onPlaying)
    const broken = () => {
      if (!mine() || this.state === 'closed') return
      this.become(this.startedAt ? 'reconnecting' : 'waiting')
      const wait = Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** Math.min(this.attempts, 16))
      this.attempts += 1
      clearTimeout(this.timer)
      this.timer = setTimeout(() => mine() && this.startHls(url), wait)
    }
    this.video.addEventListener('error', broken, { once: true })
    this.awaitFrame(mine)
    void this.play()
  }

  hlsWaits() {
    if (this.startedAt && !this.stillSince && this.transport === 'hls') this.stillSince = performance.now()
  }

  hlsPlays() {
    this.attempts = 0
    if (this.transport === 'hls' && this.startedAt) this.moves(performance.now())
  }
}
