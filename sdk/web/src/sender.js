// Brings the queue to the server: whose turn it is, when, and what each answer means for the events it is about. A pause
// is kept in the store and so holds for all tabs: a server that asks for one gets it from all of them.
/** @import { Queued, SenderOptions, Verdict } from './types.js' */

/** The server's limits. */
const BATCH_EVENTS_MAX = 2_500
const BATCH_BYTES_MAX = 500 * 1024
/** What may be under way when a page closes: 64 KiB (Fetch standard, keepalive), less some room. */
const LEAVING_BYTES_MAX = 60_000
/** What hangs longer has lost its connection. */
const ANSWER_MS = 30_000
/** No server is believed that asks for a longer pause, and no clock that makes one last longer. */
const PAUSE_MS_MAX = 3_600_000
/** For what stands around the events. */
const ENVELOPE_BYTES = 1024
/** The longest first wait after a failure, and the longest of all. */
const RETRY_FIRST_MS = 2_000
const RETRY_MOST_MS = 120_000
/** The wait while the server knows no such key. */
const CLOSED_MS = 60_000
/** When to look what another tab has left. */
const OTHER_TAB_MS = 1_000

export class Sender {
  #it
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  #due_at = Infinity
  #runs = Promise.resolve()
  /** Events on their way from this page. @type {Set<string>} */
  #away = new Set()
  /** Bytes on their way that may outlive the page. */
  #lasting_bytes = 0

  /** @param {SenderOptions} options */
  constructor(options) {
    this.#it = options
  }

  /** An event was added. */
  added() {
    this.#wake(this.#it.queue.length >= this.#it.batch_events ? 0 : this.#it.flush_ms)
  }

  flush() {
    // One run after the other: what came too late for one has the next.
    return (this.#runs = this.#runs.then(() => this.#run()))
  }

  /** The network is back. What failed without it no longer counts; what the server asked for still does. */
  online() {
    const { store } = this.#it
    if (!store.json('retry')?.asked) store.remove('retry')
    this.flush()
  }

  get retry_at() {
    const at = Number(this.#it.store.json('retry')?.at)
    return at > Date.now() && at < Date.now() + 2 * PAUSE_MS_MAX ? at : undefined
  }

  /** The page closes, or may be frozen: what this tab added goes now, as far as it may. */
  leaving() {
    if (isOffline() || this.retry_at) return
    const bytes = LEAVING_BYTES_MAX - this.#lasting_bytes
    const events = this.#oldest(bytes, true)
    if (events.length === 0) return
    const answer = leave(this.#it.url, this.#it.writeKey, events)
    // Without an answer they are sent again by the next page, and count once.
    if (answer) answer.then((verdict) => this.#take(verdict, events))
    else this.#back(events)
  }

  async #run() {
    if (isOffline() || this.#it.queue.length === 0) return
    const ours = await turn(`beckon.${this.#it.writeKey}`, async () => {
      while (!isOffline() && !this.retry_at && (await this.#batch()));
    })
    if (!ours) this.#wake(OTHER_TAB_MS)
    else if (this.retry_at) this.#wake(this.retry_at - Date.now())
  }

  /** Sends one batch; whether there may be another. */
  async #batch() {
    const events = this.#oldest(BATCH_BYTES_MAX, false)
    if (events.length === 0) return false
    const bytes = events.reduce((sum, it) => sum + it.bytes + 1, ENVELOPE_BYTES)
    // A click on a link does not cut a small batch off.
    const lasts = bytes + this.#lasting_bytes < LEAVING_BYTES_MAX / 2 ? bytes : 0
    this.#lasting_bytes += lasts
    const verdict = await post(this.#it.url, this.#it.writeKey, events, lasts > 0)
    this.#lasting_bytes -= lasts
    this.#take(verdict, events)
    return true
  }

  /** @param {number} bytes @param {boolean} own */
  #oldest(bytes, own) {
    const limits = { events: BATCH_EVENTS_MAX, bytes: bytes - ENVELOPE_BYTES, skip: this.#away, own }
    const events = this.#it.queue.oldest(limits)
    for (const { name } of events) this.#away.add(name)
    return events
  }

  /** @param {Queued[]} events */
  #back(events) {
    for (const { name } of events) this.#away.delete(name)
  }

  /** @param {Verdict} verdict @param {Queued[]} events */
  #take(verdict, events) {
    const { queue, store, told } = this.#it
    this.#back(events)
    if (verdict.kind === 'taken' || verdict.kind === 'refused') {
      // A batch is refused as a whole, often for one call: then only that one is given up.
      const one = verdict.kind === 'refused' ? events[verdict.item ?? -1] : undefined
      queue.remove(one ? [one] : events)
      store.remove('retry')
    } else {
      const asked = verdict.kind === 'closed' ? CLOSED_MS : verdict.after_ms
      const attempt = (store.json('retry')?.attempt ?? -1) + 1
      // A pause that was asked for is kept whole; the jitter comes on top.
      const wait = (asked ?? 0) + backoff(asked === undefined ? attempt : 0, RETRY_FIRST_MS, RETRY_MOST_MS)
      store.set('retry', JSON.stringify({ at: Date.now() + wait, attempt, asked }))
    }
    told(verdict, events.length)
  }

  /** @param {number} ms */
  #wake(ms) {
    if (Date.now() + ms >= this.#due_at) return
    this.#due_at = Date.now() + ms
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#due_at = Infinity
      this.flush()
    }, ms)
  }
}

/**
 * Does `work` if no other tab is at it, and says whether it did. Without Web Locks (plain http) two tabs may send the
 * same, which costs bytes: the server counts a `messageId` once.
 * @param {string} name @param {() => Promise<void>} work
 */
async function turn(name, work) {
  const alone = () => work().then(() => true)
  const request = globalThis.navigator?.locks?.request(name, { ifAvailable: true }, async (lock) => !!lock && alone())
  // A sandboxed frame has locks and may not use them.
  return request?.catch(alone) ?? alone()
}

export function isOffline() {
  return globalThis.navigator?.onLine === false
}

/**
 * Sends a batch, which may outlive the page (`keepalive`). Never rejects.
 * @param {string} url @param {string} writeKey @param {Queued[]} events @param {boolean} keepalive
 * @returns {Promise<Verdict>}
 */
async function post(url, writeKey, events, keepalive) {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), ANSWER_MS)
  try {
    const body = bodyOf(writeKey, events)
    const answer = await fetch(url, { method: 'POST', body, credentials: 'omit', keepalive, signal: late.signal })
    const { status } = answer
    const told = await answer.json().catch(() => ({}))
    const why = `${status} ${told.code ?? ''} ${told.detail ?? ''}`.trim()
    if (answer.ok) return { kind: 'taken', rejected: told.rejected ?? [] }
    if (status === 400) return { kind: 'refused', item: told.item, why }
    if (status !== 408 && status !== 429 && status < 500) return { kind: 'closed', why }
    return { kind: 'later', after_ms: pauseOf(answer.headers.get('retry-after')), why }
  } catch (error) {
    return { kind: 'later', why: String(error) }
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Sends a batch from a page that closes. Unlike a beacon a request has an answer, should the page live on.
 * @param {string} url @param {string} writeKey @param {Queued[]} events
 */
function leave(url, writeKey, events) {
  if ('keepalive' in Request.prototype) return post(url, writeKey, events, true)
  navigator.sendBeacon?.(url, bodyOf(writeKey, events))
  return undefined
}

/** @param {string} writeKey @param {Queued[]} events */
function bodyOf(writeKey, events) {
  const head = JSON.stringify({ writeKey, sentAt: new Date().toISOString() })
  return `${head.slice(0, -1)},"batch":[${events.map((it) => it.text)}]}`
}

/**
 * The wait before try `attempt` (from 0), in ms. It doubles; half is left to chance, so that pages that lost one server
 * do not come back all at once.
 * @param {number} attempt @param {number} first_ms @param {number} most_ms
 */
export function backoff(attempt, first_ms, most_ms) {
  return Math.min(most_ms, first_ms * 2 ** attempt) * (0.5 + Math.random() / 2)
}

/** `Retry-After`, seconds or a date, in ms. @param {string | null} text */
function pauseOf(text) {
  const ms = /^\d+$/.test(text ?? '') ? Number(text) * 1000 : Date.parse(text ?? '') - Date.now()
  return ms >= 0 ? Math.min(ms, PAUSE_MS_MAX) : undefined
}
