// The in-app connection: hello, welcome, frames, silence, and back again after it broke. It promises its user that a
// message is told as often as it comes (the user knows which it has shown), that an acknowledgement is not lost with
// the connection, and that a session is resumed, so that what the server wrote in between comes again.
/** @import { ConnectionState } from './types.js' */
/** @import { Frame, Link } from './link.js' */

import { BROKEN, eventStream, webSocket } from './link.js'
import { backoff, isOffline } from './sender.js'

/** How long a welcome may take. */
const WELCOME_MS = 10_000
/** The longest first wait before coming back, and the longest of all. */
const RETRY_FIRST_MS = 1_000
const RETRY_MOST_MS = 30_000
/** All clients of a server that restarts come back within this time. */
const RESTART_MS = 5_000
/** A connection that never opened so often is tried the other way. */
const FAILURES_MAX = 3
/** Acknowledgements that wait for a connection, and how many go in one frame (of 8 KiB at most). */
const ACKS_MAX = 100
const ACKS_PER_FRAME = 20

/** What close codes mean, and whether coming back is of use. @type {Record<number, {why: string, isFinal?: boolean}>} */
const CODES = {
  1012: { why: 'the server restarts' },
  4400: { why: 'the server does not understand this SDK: use the one it serves', isFinal: true },
  4401: { why: 'the key or the shopper token was refused', isFinal: true },
  4403: { why: 'this key may not open connections', isFinal: true },
  4408: { why: 'nothing was heard for too long' },
  4409: { why: 'this device is connected from another page', isFinal: true },
  4413: { why: 'a frame was too large' },
  4429: { why: 'this page reads too slowly' },
  4503: { why: 'the server has too many connections' },
}

/**
 * @typedef {object} Options
 * @property {string} host
 * @property {() => Frame} hello what to say first, but for type and session
 * @property {import('./store.js').Store} store keeps the session, for the next page to resume
 * @property {(state: ConnectionState) => void} changed
 * @property {(message: any, now_ms: number) => void} message `now_ms`: the server's clock
 */

export class Connection {
  #it
  /** @type {Link | undefined} */
  #link
  /** @type {ConnectionState} */
  #state = { state: 'idle' }
  /** @type {Set<string>} */
  #acks = new Set()
  #attempt = 0
  /** Connections in a row, over one way, that never opened. */
  #failures = 0
  /** @type {'websocket' | 'sse'} */
  #over = 'websocket'
  /** What the server's clock is ahead of ours. */
  #ahead_ms = 0
  /** When the first ping left that nothing was heard after. @type {number | undefined} */
  #asked_at
  /** Of the welcome, or of the next try. @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pinging

  /** @param {Options} options */
  constructor(options) {
    this.#it = options
  }

  get state() {
    return this.#state
  }

  /** The server's clock (Unix ms), as far as we know it. */
  get now() {
    return Date.now() + this.#ahead_ms
  }

  /** Opens it, or comes back at once instead of after the wait. */
  open() {
    if (this.#state.state === 'connecting' || this.#state.state === 'open') return
    clearTimeout(this.#timer)
    if (isOffline()) return this.#become({ state: 'waiting', why: 'there is no network' })
    this.#become({ state: 'connecting', over: this.#over })
    const hello = { type: 'hello', ...this.#it.hello(), session: this.#it.store.get('session') ?? undefined }
    const heard = {
      frame: (/** @type {string} */ text) => this.#frame(text),
      closed: (/** @type {number} */ code, /** @type {string} */ why) => this.#closed(code, why),
    }
    this.#timer = setTimeout(() => this.#cut(BROKEN, 'no welcome came'), WELCOME_MS)
    try {
      const way = this.#over === 'sse' ? eventStream : webSocket
      this.#link = way(this.#it.host, hello, heard)
    } catch (error) {
      // Absent, or forbidden by the page's policy.
      this.#closed(BROKEN, String(error))
    }
  }

  /** Closes it. The session stays, to be resumed. */
  close() {
    this.#drop()
    this.#become({ state: 'idle' })
  }

  /**
   * Says hello anew, for somebody else is here. It names the session all the same: a visitor who signed in goes on with
   * his, another shopper's ends with that.
   */
  restart() {
    const { state } = this.#state
    this.#drop()
    this.#attempt = 0
    if (state === 'idle') return
    this.#state = { state: 'idle' }
    this.open()
  }

  /** Writes a frame; whether it was written. @param {Frame} frame */
  send(frame) {
    return this.#state.state === 'open' && this.#link?.send(frame) === true
  }

  /** Acknowledges a message, now or as soon as there is a connection. @param {string} id */
  ack(id) {
    this.#acks.add(id)
    // The server has long forgotten that it waits for the oldest.
    if (this.#acks.size > ACKS_MAX) this.#acks.delete([...this.#acks][0])
    this.#sendAcks()
  }

  #sendAcks() {
    while (this.#acks.size > 0) {
      const ids = [...this.#acks].slice(0, ACKS_PER_FRAME)
      if (!this.send({ type: 'ack', ids })) return
      for (const id of ids) this.#acks.delete(id)
    }
  }

  /** @param {string} text */
  #frame(text) {
    this.#asked_at = undefined
    /** @type {Frame} */
    let frame
    try {
      frame = JSON.parse(text)
    } catch {
      return
    }
    if (frame?.type === 'welcome') this.#welcome(frame)
    else if (frame?.type === 'message') this.#it.message(frame.message, this.now)
    // An event stream has no close codes of its own.
    else if (frame?.type === 'close') this.#cut(Number(frame.code) || BROKEN, String(frame.reason ?? ''))
  }

  /** @param {Frame} frame */
  #welcome({ session, resumed, ping_s, now }) {
    if (typeof session !== 'string') return this.#cut(BROKEN, 'the welcome names no session')
    clearTimeout(this.#timer)
    const server = Date.parse(now)
    this.#ahead_ms = Number.isNaN(server) ? 0 : server - Date.now()
    this.#it.store.set('session', session)
    this.#link?.named(session)
    this.#attempt = 0
    this.#failures = 0
    this.#ping(Math.min(Math.max(Number(ping_s) || 25, 1), 300) * 1000)
    this.#become({ state: 'open', over: this.#over, session, resumed: resumed === true })
    this.#sendAcks()
  }

  /** A script does not see the server's own pings: it asks, and counts silence from when it asked. @param {number} every_ms */
  #ping(every_ms) {
    clearInterval(this.#pinging)
    this.#pinging = setInterval(() => {
      if (this.#asked_at !== undefined && Date.now() - this.#asked_at >= 1.5 * every_ms) {
        return this.#cut(4408, '')
      }
      this.#asked_at ??= Date.now()
      this.send({ type: 'ping' })
    }, every_ms)
  }

  /** @param {number} code @param {string} why */
  #cut(code, why) {
    this.#drop()
    this.#closed(code, why)
  }

  #drop() {
    clearTimeout(this.#timer)
    clearInterval(this.#pinging)
    this.#asked_at = undefined
    this.#link?.close()
    this.#link = undefined
  }

  /** @param {number} code @param {string} reason */
  #closed(code, reason) {
    const wasOpen = this.#state.state === 'open'
    this.#drop()
    const { why, isFinal } = CODES[code] ?? { why: 'the connection broke' }
    const told = { code, why: reason ? `${why} (${reason})` : why }
    if (isFinal) {
      if (code !== 4409) console.warn(`beckon: no in-app messages: ${told.why}`)
      return this.#become({ state: 'closed', ...told })
    }
    if (!wasOpen && code === BROKEN && !isOffline() && ++this.#failures >= FAILURES_MAX) {
      this.#failures = 0
      this.#over = this.#over === 'websocket' ? 'sse' : 'websocket'
    }
    const wait = code === 1012 ? Math.random() * RESTART_MS : backoff(this.#attempt++, RETRY_FIRST_MS, RETRY_MOST_MS)
    this.#become({ state: 'waiting', ...told })
    this.#timer = setTimeout(() => this.open(), wait)
  }

  /** @param {ConnectionState} state */
  #become(state) {
    this.#state = state
    this.#it.changed(state)
  }
}
