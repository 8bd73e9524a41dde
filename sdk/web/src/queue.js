// The events that no server has confirmed, of all tabs of an origin. Each has a name of its own in the store: adding
// and removing never rewrite what another tab is writing, so no tab can lose another's event. A name sorts by age and
// tells the size: `q.TIME.SEQUENCE.TAB.BYTES`.
/** @import { Queued, Take } from './types.js' */

import { uuid } from './identity.js'

/** Beyond these the oldest go. Browsers grant an origin some 5 MB. */
export const QUEUE_EVENTS_MAX = 2_000
export const QUEUE_BYTES_MAX = 2_000_000
/** The server's limit. */
export const EVENT_BYTES_MAX = 32 * 1024

export class Queue {
  #store
  #sequence = 0
  #latest = 0
  #tab = uuid().slice(0, 8)

  /** @param {import('./store.js').Store} store */
  constructor(store) {
    this.#store = store
  }

  /** Adds an event, as JSON. @param {string} text */
  add(text) {
    const bytes = new TextEncoder().encode(text).length
    if (bytes > EVENT_BYTES_MAX) throw new RangeError('more than 32 KiB; leave out what the server does not need')
    this.#makeRoom(bytes)
    // A clock that is set back does not change the order.
    this.#latest = Math.max(this.#latest, Date.now())
    const name = `q.${sortable(this.#latest, 9)}.${sortable(this.#sequence++, 6)}.${this.#tab}.${bytes}`
    this.#store.set(name, text)
  }

  /** The oldest events, in order, as far as they fit. @param {Take} take @returns {Queued[]} */
  oldest({ events, bytes, skip, own }) {
    /** @type {Queued[]} */
    const found = []
    for (const name of this.#store.names('q.')) {
      if (skip.has(name) || (own && name.split('.')[3] !== this.#tab)) continue
      const size = sizeOf(name)
      bytes -= size + 1
      if (bytes < 0 || found.length === events) break
      // Another tab may have removed it since the names were read.
      const text = this.#store.get(name)
      if (text !== null) found.push({ name, text, bytes: size })
    }
    return found
  }

  /** @param {Queued[]} events */
  remove(events) {
    for (const { name } of events) this.#store.remove(name)
  }

  get length() {
    return this.#store.names('q.').length
  }

  /** How many had to go, and nobody was told. */
  get dropped() {
    return Number(this.#store.get('dropped'))
  }

  set dropped(count) {
    this.#store.set('dropped', String(count))
  }

  /** @param {number} bytes */
  #makeRoom(bytes) {
    const names = this.#store.names('q.')
    let total = names.reduce((sum, name) => sum + sizeOf(name), bytes)
    let gone = 0
    for (; names.length - gone >= QUEUE_EVENTS_MAX || total > QUEUE_BYTES_MAX; gone++) {
      total -= sizeOf(names[gone])
      this.#store.remove(names[gone])
    }
    if (gone > 0) this.dropped += gone
  }
}

/** @param {number} value @param {number} digits */
function sortable(value, digits) {
  return value.toString(36).padStart(digits, '0')
}

/** @param {string} name */
function sizeOf(name) {
  return Number(name.split('.')[4])
}
