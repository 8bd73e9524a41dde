/**
 * What a shopper does on the room page, told to the server as events of the collect API under their usual names.
 *
 * The page has no write key: it posts under its own address, and the server knows from there which show, and for a
 * tap link which shopper and message, the events are of. They leave in small batches, and the last of them when the
 * page goes away.
 */

/** How long events gather before they leave. */
const GATHER_MS = 800
/** A batch, and how many events are kept while the server cannot be reached; the oldest give way. */
const BATCH_MAX = 40
const KEPT_MAX = 200
const RETRY_FIRST_MS = 2000
const RETRY_MAX_MS = 30_000

/** An id that is drawn, also where a page is not served securely. */
export function drawn() {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  return [...crypto.getRandomValues(new Uint8Array(16))].map((it) => it.toString(16).padStart(2, '0')).join('')
}

/**
 * The visitor's own id, kept from visit to visit where the browser allows.
 * @param {Pick<Storage, 'getItem'|'setItem'> | undefined} storage
 */
export function visitor(storage) {
  const name = 'beckon-visitor'
  try {
    const known = storage?.getItem(name)
    if (known) return known
    const made = drawn()
    storage?.setItem(name, made)
    return made
  } catch {
    return drawn()
  }
}

/** Tells the server what happens. */
export class Reporter {
  /**
   * @param {string} url where events are posted
   * @param {string} anonymousId
   * @param {Record<string, unknown>} common properties of every event
   */
  constructor(url, anonymousId, common) {
    this.url = url
    this.anonymousId = anonymousId
    this.common = common
    /** @type {object[]} */
    this.kept = []
    this.sending = false
    this.failures = 0
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
  }

  /**
   * @param {string} event
   * @param {Record<string, unknown>} [properties]
   */
  track(event, properties = {}) {
    const call = {
      type: 'track',
      event,
      messageId: drawn(),
      anonymousId: this.anonymousId,
      timestamp: new Date().toISOString(),
      properties: { ...this.common, ...properties },
    }
    this.kept.push(call)
    if (this.kept.length > KEPT_MAX) this.kept.splice(0, this.kept.length - KEPT_MAX)
    this.later(GATHER_MS)
  }

  /** @param {number} wait */
  later(wait) {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      void this.send()
    }, wait)
  }

  /** @param {object[]} batch */
  body(batch) {
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone
    return JSON.stringify({ batch, sentAt: new Date().toISOString(), context: { timezone, locale: navigator.language } })
  }

  async send() {
    if (this.sending || this.kept.length === 0) return
    this.sending = true
    const batch = this.kept.slice(0, BATCH_MAX)
    let answer
    try {
      answer = await fetch(this.url, { method: 'POST', body: this.body(batch), keepalive: true, credentials: 'omit' })
    } catch {
      answer = undefined
    }
    this.sending = false
    // What is refused for good would be refused again.
    const done = answer && answer.status < 500 && answer.status !== 429
    if (done) {
      this.failures = 0
      this.kept = this.kept.filter((it) => !batch.includes(it))
      if (this.kept.length > 0) this.later(0)
      return
    }
    this.later(Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.failures, 8)) * (0.5 + Math.random() / 2))
    this.failures += 1
  }

  /** The page goes away: what is left leaves now, and is not waited for. A repeat counts once. */
  leave() {
    clearTimeout(this.timer)
    this.timer = undefined
    while (this.kept.length > 0) {
      const batch = this.kept.slice(0, BATCH_MAX)
      if (!navigator.sendBeacon(this.url, this.body(batch))) break
      this.kept = this.kept.slice(batch.length)
    }
  }
}
