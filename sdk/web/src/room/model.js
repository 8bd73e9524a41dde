/**
 * What the room page knows of its show, and what follows from it: the product on show, what comes next, what is
 * left of the time. Pure, so that it can be tested without a page.
 */

/**
 * A product of the show, as the feed tells it.
 * @typedef {object} Good
 * @property {string} id
 * @property {string} title
 * @property {string} [image]
 * @property {string} [price] written for a shopper, such as `¥199`
 * @property {number} [amount] the same as a number
 * @property {string} [was] the price before, written, where it was higher
 * @property {string} [saved] the difference, written
 * @property {string} [currency]
 * @property {number} [stock] pieces left, where somebody counts them
 * @property {string} [offer] the offer that this price is of
 * @property {number} [ends_at] when the offer ends
 * @property {boolean} [low] the host said that it runs low
 * @property {number} [at] when it is planned to be shown
 * @property {number} [until]
 */

/**
 * @typedef {object} Coming
 * @property {string} show
 * @property {string} title
 * @property {string} host
 * @property {number} starts_at
 */

/**
 * How the show stands.
 * @typedef {object} Live
 * @property {'planned'|'late'|'on_air'|'over'} state
 * @property {string} title
 * @property {string} [phase]
 * @property {number} starts_at
 * @property {number} ends_at
 * @property {string} [shown] the product on show
 * @property {boolean} [pinned] a cue said so; the plan otherwise
 * @property {{id: string, at: number}} [next] the slot after it
 * @property {number} viewers
 * @property {Coming[]} [coming] shows to come, once this one is over
 */

/** What a stock of so many or fewer is said to be: few. */
const FEW = 100

/** An offer that ends within this is counted down. */
const HURRY_MS = 3_600_000

/** All that is known of a show. */
export class Model {
  /**
   * @param {Live} live
   * @param {Good[]} goods
   * @param {number} now the server's clock
   * @param {string} [about] the product that the push spoke of
   */
  constructor(live, goods, now, about) {
    this.live = live
    /** @type {Map<string, Good>} */
    this.goods = new Map()
    this.about = about
    /** The server's clock less this browser's. */
    this.skew = 0
    this.sync(now)
    this.restock(goods)
  }

  /**
   * The server's clock shows this.
   * @param {number} now
   */
  sync(now) {
    this.skew = now - Date.now()
  }

  /** @param {Live} live */
  take(live) {
    this.live = live
  }

  /**
   * Products as they are now; those that are not named stay as they were.
   * @param {Good[]} goods
   */
  restock(goods) {
    for (const it of goods) this.goods.set(it.id, it)
  }

  /** The server's clock. */
  now() {
    return Date.now() + this.skew
  }

  /**
   * The product to show: what the host has pinned, else what the push spoke of, else what the plan has now. Before
   * the show, the first of the plan.
   * @returns {{good: Good, why: 'now'|'for_you'|'next'} | undefined}
   */
  shown() {
    const { shown, pinned, state } = this.live
    const on = state === 'on_air' && shown ? this.goods.get(shown) : undefined
    if (on && pinned) return { good: on, why: 'now' }
    const about = this.about ? this.goods.get(this.about) : undefined
    if (about && state !== 'over') return { good: about, why: about === on ? 'now' : 'for_you' }
    if (on) return { good: on, why: 'now' }
    if (state !== 'planned' && state !== 'late') return undefined
    const first = this.listed().find((it) => it.at !== undefined)
    return first && { good: first, why: 'next' }
  }

  /** The next slot, if its product is known. */
  next() {
    const next = this.live.state === 'on_air' ? this.live.next : undefined
    const good = next && this.goods.get(next.id)
    return good && next ? { good, at: next.at } : undefined
  }

  /** All products, by the time of their slot; those without one last. */
  listed() {
    return [...this.goods.values()].sort((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity) || (a.id < b.id ? -1 : 1))
  }

  /**
   * How much of a product is left.
   * @param {Good} good
   * @returns {{word: 'sold_out'|'left'|'in_stock', n: number} | undefined}
   */
  left(good) {
    if (good.stock === undefined) return undefined
    if (good.stock <= 0) return { word: 'sold_out', n: 0 }
    return { word: good.low || good.stock <= FEW ? 'left' : 'in_stock', n: good.stock }
  }

  /**
   * What is left of an offer, in milliseconds; `undefined` without an end, or while there is no hurry.
   * @param {Good} good
   */
  endsIn(good) {
    if (good.ends_at === undefined || this.live.state !== 'on_air') return undefined
    const left = good.ends_at - this.now()
    return left < HURRY_MS ? Math.max(0, left) : undefined
  }
}

/**
 * A span as a clock shows it: `1:02:03`, `02:03`; days apart from the rest.
 * @param {number} ms
 * @param {string} days the word or letter after a number of days
 */
export function clock(ms, days) {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const two = (/** @type {number} */ it) => String(it).padStart(2, '0')
  const [d, h, m, s] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  const short = `${two(m)}:${two(s)}`
  if (d > 0) return `${d}${days} ${two(h)}:${short}`
  return h > 0 ? `${h}:${short}` : short
}

/**
 * A sentence with its gaps filled.
 * @param {string} sentence with `{name}` for each
 * @param {Record<string, string>} facts
 */
export function said(sentence, facts) {
  return sentence.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap)
}

/**
 * A time of day, with its day where that is not today.
 * @param {number} at
 * @param {number} now
 * @param {string} lang
 * @param {Record<string, string>} words
 */
export function timeOf(at, now, lang, words) {
  const [then, today] = [new Date(at), new Date(now)]
  const time = new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(then)
  const midnight = (/** @type {Date} */ it) => new Date(it.getFullYear(), it.getMonth(), it.getDate()).getTime()
  const days = Math.round((midnight(then) - midnight(today)) / 86_400_000)
  if (days === 0) return time
  if (days === 1) return `${words.tomorrow} ${time}`
  return `${new Intl.DateTimeFormat(lang, { month: 'short', day: 'numeric' }).format(then)} ${time}`
}

/**
 * A count in few letters: `980`, `12K`, `1.2万`.
 * @param {number} n
 * @param {string} lang
 */
export function counted(n, lang) {
  return new Intl.NumberFormat(lang, { notation: 'compact', maximumFractionDigits: 1 }).format(n)
}
