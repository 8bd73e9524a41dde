// The player of a live room: from a tap to a moving picture, and back to it by itself when the network or the host goes
// away. It joins by WHEP (whep.js); rooms that only give HLS are played by the browser where it can. It measures what a
// shopper waits for: the stages up to the first picture, and stalls. The room page carries it in its head.

import { attach, countsOf, eachPicture } from './pictures.js'
import { JOIN_MAX_MS, NotJoined, begin, end, sinceMs } from './whep.js'

/** @typedef {import('./whep.js').Source} Source */
/** @typedef {import('./whep.js').Stages} Stages */
/** @typedef {import('./whep.js').Join} Join */
/** @typedef {import('./pictures.js').PlayerStats} PlayerStats */

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

/** Bounds of the waits between two attempts, in milliseconds. */
const WAIT_FIRST_MS = 1000
const WAIT_MAX_MS = 10_000
const RETRY_FIRST_MS = 250
const RETRY_MAX_MS = 8000
/** A path that is lost often comes back by itself within this. */
const LOST_MS = 2000
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
    const now = await countsOf(this.join?.peer)
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
    attach(this.video, join, mine, () => void this.play())
    eachPicture(this.video, mine, (now) => this.shown(now))
    if (join.shownAt) this.shown(join.shownAt)
    join.answered.then(
      (session) => {
        if (!mine()) return void end(session, this.source.ticket)
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
    if (!this.session) join.aborter.abort()
    void this.keep(join, end(this.session, this.source.ticket))
    this.session = ''
  }

  /**
   * Keeps what a session has counted, and closes it once the server knows: it would end it by itself, and not find what
   * it is told to end.
   * @param {Join} join
   * @param {Promise<void>} ended
   */
  async keep(join, ended) {
    const late = setTimeout(() => join.peer.close(), LOST_MS)
    const now = await countsOf(join.peer)
    for (const key of /** @type {const} */ (['freezes', 'frozen_ms', 'frames', 'lost'])) this.before[key] += now[key]
    await ended
    clearTimeout(late)
    join.peer.close()
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
    // A host who was never there is still waited for; only the session is made anew.
    if (still > this.deadMs) this.again(this.startedAt ? 'failed' : 'wait')
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
    eachPicture(this.video, mine, (now) => this.shown(now))
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
