/**
 * The room page's picture of its model: every text and state that follows what happens in the show.
 *
 * The page comes filled in by the server; this only changes what has changed. Nothing is put in as markup.
 */

import { clock, counted, said, timeOf } from './model.js'

/** Comments of one's own that stay on the picture. */
const COMMENTS_MAX = 4
/** How long a short word from the page stays. */
const TOAST_MS = 2600

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
export function part(id) {
  return /** @type {T} */ (document.getElementById(id))
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * A picture of the shop's, if there is one.
 * @param {HTMLImageElement} image
 * @param {string | undefined} url
 */
function picture(image, url) {
  image.hidden = !url
  if (url && image.getAttribute('src') !== url) image.src = url
}

/**
 * @param {string} name of a symbol of the page
 */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  use.setAttribute('href', `#i-${name}`)
  svg.setAttribute('aria-hidden', 'true')
  svg.append(use)
  return svg
}

/**
 * @param {string} tag
 * @param {string} name its class
 * @param {string} [text]
 */
function make(tag, name, text) {
  const element = document.createElement(tag)
  element.className = name
  if (text !== undefined) element.textContent = text
  return element
}

/** Whether moving things would disturb. */
export const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches

export class View {
  /**
   * @param {import('./model.js').Model} model
   * @param {{lang: string, words: Record<string, string>}} speech
   */
  constructor(model, speech) {
    this.model = model
    this.words = speech.words
    this.lang = speech.lang
    /** What the shopper put into the cart, by product. @type {Map<string, number>} */
    this.cart = new Map()
    /** The product whose details are open. */
    this.detailed = ''
    /** The product that was said last, so that only a change is said. */
    this.lastSaid = ''
    /** How the list was drawn last. */
    this.drawn = ''
    /** @type {(id: string) => void} */
    this.onAdd = () => {}
    /** @type {(id: string) => void} */
    this.onOpen = () => {}
    /** @type {(id: string, button: HTMLButtonElement) => void} */
    this.onRemind = () => {}
    /** Shows of which a reminder is booked. @type {Set<string>} */
    this.reminders = new Set()
  }

  /** Everything. */
  draw() {
    const { live } = this.model
    document.body.dataset.state = live.state
    write(part('badge'), this.words[live.state] ?? '')
    write(part('title'), live.title)
    const viewers = part('viewers')
    viewers.hidden = live.state !== 'on_air' || live.viewers < 1
    write(/** @type {HTMLElement} */ (viewers.lastElementChild), said(this.words.viewers, { n: counted(live.viewers, this.lang) }))
    this.drawCover()
    this.drawCard()
    this.drawNext()
    this.drawGoods()
    this.drawDetail()
    this.tick()
  }

  drawCover() {
    const { live } = this.model
    const { words } = this
    const cover = part('cover')
    cover.hidden = live.state === 'on_air'
    const remind = part('remind')
    remind.hidden = live.state !== 'planned'
    const coming = part('coming')
    coming.hidden = live.state !== 'over'
    if (live.state === 'planned') {
      write(part('cover-word'), words.starts_in)
      write(part('cover-text'), said(words.starts_at, { time: this.time(live.starts_at) }))
    } else if (live.state === 'late') {
      write(part('cover-word'), words.late)
      write(part('cover-text'), words.late_text)
    } else if (live.state === 'over') {
      write(part('cover-word'), words.ended)
      const next = live.coming?.[0]
      write(part('cover-text'), next ? words.ended_text : words.none_coming)
      this.drawComing(live.coming ?? [])
    }
  }

  /** @param {import('./model.js').Coming[]} shows */
  drawComing(shows) {
    const box = part('coming')
    const shape = JSON.stringify([shows, [...this.reminders]])
    if (box.dataset.shape === shape) return
    box.dataset.shape = shape
    box.replaceChildren()
    if (shows.length === 0) return
    box.append(make('p', 'label', this.words.coming))
    for (const show of shows) {
      const row = make('div', 'coming-row')
      const link = /** @type {HTMLAnchorElement} */ (make('a', 'coming-link'))
      link.href = `/r/${encodeURIComponent(show.show)}`
      link.append(make('b', '', show.title), make('span', '', `${show.host} · ${this.time(show.starts_at)}`))
      const bell = /** @type {HTMLButtonElement} */ (make('button', 'round bell'))
      bell.type = 'button'
      bell.append(icon('bell'))
      bell.setAttribute('aria-label', said(this.words.remind_about, { title: show.title }))
      bell.setAttribute('aria-pressed', String(this.reminders.has(show.show)))
      bell.addEventListener('click', () => this.onRemind(show.show, bell))
      row.append(link, bell)
      box.append(row)
    }
  }

  drawCard() {
    const shown = this.model.shown()
    const card = part('card')
    card.hidden = !shown
    if (!part('backdrop').dataset.own) picture(part('backdrop'), shown?.good.image ?? this.model.listed()[0]?.image)
    if (!shown) return
    const { good, why } = shown
    const changed = card.dataset.product !== undefined && card.dataset.product !== good.id
    card.dataset.product = good.id
    card.dataset.why = why
    write(part('card-label'), this.words[why === 'next' ? 'tonight' : why])
    write(part('card-name'), good.title)
    picture(part('card-image'), good.image)
    this.drawMoney('card', good)
    this.drawAdd(part('card-add'), good)
    if (changed && !still()) {
      card.animate([{ opacity: 0, transform: 'translateY(14px)' }, { opacity: 1, transform: 'none' }], {
        duration: 320,
        easing: 'cubic-bezier(.2,.8,.2,1)',
      })
    }
    const saying = why === 'now' ? said(this.words.showing, { title: good.title, price: good.price ?? '' }) : ''
    if (saying && saying !== this.lastSaid) {
      if (this.lastSaid || changed) write(part('said'), saying)
      this.lastSaid = saying
    }
  }

  /**
   * @param {'card'|'detail'} where
   * @param {import('./model.js').Good} good
   */
  drawMoney(where, good) {
    write(part(`${where}-price`), good.price ?? '')
    const was = part(`${where}-was`)
    was.hidden = !good.was
    write(was, good.was ?? '')
    const saved = part(`${where}-saved`)
    saved.hidden = !good.saved
    write(saved, good.saved ? said(this.words.save, { amount: good.saved }) : '')
    const left = this.model.left(good)
    const stock = part(`${where}-stock`)
    stock.hidden = !left
    stock.dataset.left = left?.word ?? ''
    write(stock, left ? said(this.words[left.word], { n: counted(left.n, this.lang) }) : '')
  }

  /**
   * @param {HTMLElement} button
   * @param {import('./model.js').Good} good
   */
  drawAdd(button, good) {
    const sold = this.model.left(good)?.word === 'sold_out'
    const added = this.cart.get(good.id) ?? 0
    const add = /** @type {HTMLButtonElement} */ (button)
    add.disabled = sold
    add.dataset.added = String(added > 0)
    write(add, sold ? this.words.sold_out : added > 0 ? `${this.words.added} · ${added}` : this.words.add)
  }

  drawNext() {
    const next = this.model.next()
    const line = part('next')
    line.hidden = !next
    if (!next) return
    const shape = `${next.good.title} ${next.at}`
    if (line.dataset.shape === shape) return
    line.dataset.shape = shape
    line.replaceChildren(
      make('b', '', this.words.next),
      make('span', 'next-name', next.good.title),
      make('span', 'next-at', said(this.words.next_at, { time: this.time(next.at) })),
    )
  }

  drawGoods() {
    const goods = this.model.listed()
    const on = this.model.shown()
    const shape = JSON.stringify([goods, on?.good.id, on?.why, this.model.live.state, [...this.cart]])
    document.body.dataset.goods = goods.length > 0 ? 'yes' : 'no'
    if (shape === this.drawn) return
    this.drawn = shape
    const list = part('goods')
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.of : undefined
    list.replaceChildren(...goods.map((it) => this.row(it, on?.good.id === it.id && on.why === 'now')))
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-of="${CSS.escape(focused)}"]`))?.focus()
  }

  /**
   * When a product's slot comes, if it is still to come.
   * @param {import('./model.js').Good} good
   */
  comes(good) {
    const isOver = this.model.live.state === 'over'
    return good.at !== undefined && good.at > this.model.now() && !isOver ? this.time(good.at) : ''
  }

  /**
   * @param {import('./model.js').Good} good
   * @param {boolean} on
   */
  row(good, on) {
    const row = make('li', on ? 'row on' : 'row')
    const open = /** @type {HTMLButtonElement} */ (make('button', 'open'))
    open.type = 'button'
    open.dataset.of = `open ${good.id}`
    const thumb = make('span', 'thumb')
    if (good.image) {
      const image = document.createElement('img')
      image.src = good.image
      image.alt = ''
      image.loading = 'lazy'
      image.referrerPolicy = 'no-referrer'
      thumb.append(image)
    }
    const text = make('span', 'row-text')
    const when = on ? this.words.now : this.comes(good)
    if (when) text.append(make('span', 'label', when))
    text.append(make('span', 'name', good.title))
    const money = make('span', 'money')
    money.append(make('b', 'price', good.price ?? ''))
    if (good.was) money.append(make('s', 'was', good.was))
    text.append(money)
    open.append(thumb, text)
    open.addEventListener('click', () => this.onOpen(good.id))
    const add = /** @type {HTMLButtonElement} */ (make('button', 'add'))
    add.type = 'button'
    add.dataset.of = `add ${good.id}`
    this.drawAdd(add, good)
    add.setAttribute('aria-label', `${add.textContent}: ${good.title}`)
    add.addEventListener('click', () => this.onAdd(good.id))
    row.append(open, add)
    return row
  }

  drawDetail() {
    const good = this.model.goods.get(this.detailed)
    if (!good) return
    write(part('detail-name'), good.title)
    picture(part('detail-image'), good.image)
    this.drawMoney('detail', good)
    this.drawAdd(part('detail-add'), good)
  }

  /** What follows the clock alone. */
  tick() {
    const { model } = this
    const now = model.now()
    const countdown = part('countdown')
    countdown.hidden = model.live.state !== 'planned'
    if (!countdown.hidden) write(countdown, clock(model.live.starts_at - now, this.words.days))
    for (const [where, good] of /** @type {const} */ ([
      ['card-ends', model.shown()?.good],
      ['detail-ends', model.goods.get(this.detailed)],
    ])) {
      const line = part(where)
      const left = good && model.endsIn(good)
      line.hidden = left === undefined
      if (left === undefined) continue
      write(line, left > 0 ? `${this.words.ends_in} ${clock(left, this.words.days)}` : this.words.offer_ended)
      line.dataset.soon = String(left < 60_000)
    }
  }

  drawCart() {
    const pieces = [...this.cart.values()].reduce((sum, it) => sum + it, 0)
    const count = part('cart')
    count.hidden = pieces === 0
    write(count, String(pieces))
    const label = pieces ? `${this.words.bag}, ${said(this.words.in_cart, { n: String(pieces) })}` : this.words.bag
    part('open-bag').setAttribute('aria-label', label)
  }

  /** @param {number} at */
  time(at) {
    return timeOf(at, this.model.now(), this.lang, this.words)
  }

  /** @param {string} text */
  comment(text) {
    const item = make('li', '')
    item.append(make('b', '', this.words.you), document.createTextNode(text))
    const list = part('comments')
    list.append(item)
    while (list.children.length > COMMENTS_MAX) list.firstElementChild?.remove()
  }

  /** A heart rises from the button; where nothing should move, the button alone tells. */
  heart() {
    const button = part('like')
    button.dataset.liked = 'true'
    if (still()) return
    const box = part('hearts')
    if (box.children.length > 24) return
    const heart = icon('heart')
    heart.dataset.tint = String(Math.floor(Math.random() * 4))
    box.append(heart)
    const drift = (Math.random() - 0.75) * 70
    const rise = 220 + Math.random() * 140
    const frames = [
      { transform: 'translate(0,0) scale(.4)', opacity: 0 },
      { transform: `translate(${drift * 0.3}px,${-rise * 0.25}px) scale(1.1)`, opacity: 1, offset: 0.2 },
      { transform: `translate(${drift}px,${-rise}px) scale(.9) rotate(${drift / 3}deg)`, opacity: 0 },
    ]
    const flight = heart.animate(frames, { duration: 1700 + Math.random() * 500, easing: 'cubic-bezier(.2,.6,.4,1)' })
    flight.onfinish = () => heart.remove()
    button.animate([{ transform: 'scale(1)' }, { transform: 'scale(.82)' }, { transform: 'scale(1)' }], { duration: 220 })
  }

  /**
   * A short word, such as after a share.
   * @param {string} text
   */
  toast(text) {
    const toast = part('toast')
    write(toast, text)
    toast.hidden = false
    clearTimeout(this.toasting)
    this.toasting = setTimeout(() => (toast.hidden = true), TOAST_MS)
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  toasting

  /**
   * How the picture is.
   * @param {import('../player.js').PlayerState} state
   */
  player(state) {
    document.body.dataset.player = state
    if (state === 'playing') document.body.dataset.started = 'yes'
    if (state === 'closed') delete document.body.dataset.started
    const notice = part('notice')
    const text = ['joining', 'waiting', 'held', 'reconnecting', 'unplayable'].includes(state) ? this.words[state] : ''
    notice.hidden = !text || this.model.live.state !== 'on_air'
    write(notice, text ?? '')
  }
}
