// Small texts that survive a reload. localStorage is synchronous, and that is the point: an event is stored before
// `track()` returns, so no crash and no closed tab loses it. What the browser will not keep (storage switched off, quota
// used up) is held in memory.

export class Store {
  /** @type {Storage | undefined} */
  #area = attempt(() => globalThis.localStorage)
  /** @type {Map<string, string>} */
  #held = new Map()
  #prefix

  /** @param {string} prefix */
  constructor(prefix) {
    this.#prefix = prefix
  }

  /** Whether all of it outlives the page. */
  get lasts() {
    return !!this.#area && this.#held.size === 0
  }

  /** @param {string} name @returns {string | null} */
  get(name) {
    return this.#held.get(name) ?? this.#area?.getItem(this.#prefix + name) ?? null
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    this.#held.set(name, value)
    attempt(() => {
      if (!this.#area) return
      this.#area.setItem(this.#prefix + name, value)
      this.#held.delete(name)
    })
  }

  /** @param {string} name */
  remove(name) {
    this.#held.delete(name)
    this.#area?.removeItem(this.#prefix + name)
  }

  /** The names that begin with `start`, sorted. @param {string} start */
  names(start) {
    const whole = this.#prefix + start
    const names = [...this.#held.keys()].filter((it) => it.startsWith(start))
    for (let at = this.#area?.length ?? 0; at-- > 0; ) {
      const name = this.#area?.key(at)
      if (name?.startsWith(whole)) names.push(name.slice(this.#prefix.length))
    }
    return names.sort()
  }

  /** A JSON value; `undefined` if there is none that can be read. @param {string} name */
  json(name) {
    return attempt(() => JSON.parse(this.get(name) ?? ''))
  }
}

/** @template T @param {() => T} what @returns {T | undefined} */
function attempt(what) {
  try {
    return what()
  } catch {
    return undefined
  }
}
