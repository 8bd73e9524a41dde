// The example page at work: every part of the SDK, used as a shop would, with what it does made visible. Read it beside
// the page: it is the shortest complete use of tracker, in-app messages and push.

import { Beckon } from './beckon.js'
import { WORDS } from './example-words.js'
import { InApp } from './in-app.js'
import { PushError, WebPush } from './push.js'

/** Lines of each log that are kept. */
const LOG_MAX = 50
/** The page's address says which shop (`key`), and which room and show if not those of docs/shows.md. */
const query = new URLSearchParams(location.search)
const ROOM = { room_id: query.get('room') ?? 'beauty', show_id: query.get('show') ?? 'tonight', host_id: 'mei' }

const PRODUCTS = [
  { product_id: 'serum', category: 'skincare', brand: 'Orient', price: 299, currency: 'CNY', tint: '#fbe3e9', shape: 'M11 4h10v4h-2v4c4 2 6 5 6 9v7H7v-7c0-4 2-7 6-9V8h-2z' },
  { product_id: 'lipstick', category: 'beauty', brand: 'Lumi', price: 89.9, currency: 'CNY', tint: '#fde9d4', shape: 'M12 14V8l8-5v11h2v14H10V14z' },
  { product_id: 'tea', category: 'food', brand: 'Yun', price: 128, currency: 'CNY', tint: '#dff2e4', shape: 'M6 10h16v3h3a4 4 0 0 1 0 9h-4a6 6 0 0 1-5 4h-4a6 6 0 0 1-6-6zm16 6v3h3a1 1 0 0 0 0-3z' },
]

let language = navigator.language.toLowerCase().startsWith('zh') ? /** @type {const} */ ('zh') : /** @type {const} */ ('en')
const word = (/** @type {keyof typeof WORDS.en} */ name) => WORDS[language][name]
const at = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id))
/** @param {string} tag @param {string} [style] @param {string} [text] */
const element = (tag, style = '', text = '') => Object.assign(document.createElement(tag), { className: style, textContent: text })
/** @param {HTMLElement} badge @param {string} text @param {'good' | 'wait' | 'bad' | ''} is */
const mark = (badge, text, is) => {
  badge.textContent = text
  if (is) badge.dataset.is = is
  else delete badge.dataset.is
}

/** What shows words, to be shown again in another language. @type {(() => void)[]} */
const shows = []
const show = () => shows.forEach((it) => it())

shows.push(() => {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  for (const it of document.querySelectorAll('[data-t]')) {
    it.textContent = word(/** @type {any} */ (/** @type {HTMLElement} */ (it).dataset.t))
  }
  for (const it of document.querySelectorAll('[data-label]')) {
    it.setAttribute('aria-label', word(/** @type {any} */ (/** @type {HTMLElement} */ (it).dataset.label)))
  }
  at('language').textContent = language === 'zh' ? 'English' : '中文'
})
at('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh'
  show()
})

const key = query.get('key')
if (key && key.length >= 8) begin(key)
else ask()
show()

/** There is no key: asks for one, and comes back with it. */
function ask() {
  at('connect').hidden = false
  for (const it of document.querySelectorAll('[data-live]')) /** @type {HTMLElement} */ (it).hidden = true
  at('keyForm').addEventListener('submit', (event) => {
    event.preventDefault()
    const typed = new FormData(/** @type {HTMLFormElement} */ (event.target)).get('key')
    query.set('key', String(typed))
    location.search = query.toString()
  })
}

/** @param {string} writeKey */
function begin(writeKey) {
  // This is all that a shop has to write.
  const beckon = Beckon.load({ writeKey, app: 'example' })
  const inApp = InApp.open(beckon)
  const push = WebPush.attach(beckon)

  // For you and for the console.
  Object.assign(globalThis, { beckon, inApp, push })
  showShop(beckon)
  showRoom(beckon)
  showIdentity(beckon)
  showQueue(beckon)
  showInApp(inApp)
  showPush(push)
  showProfile(beckon)
  beckon.page('Example')
}

/** @param {Beckon} beckon */
function showShop(beckon) {
  for (const { tint, shape, ...product } of PRODUCTS) {
    const card = element('div', 'product')
    const picture = element('div', 'picture')
    picture.style.background = tint
    picture.append(drawing(shape))
    const name = element('div', 'name')
    const price = element('div', 'price')
    const row = element('div', 'row')
    const acts = /** @type {const} */ ([
      ['viewed', () => beckon.product.viewed(product)],
      ['added', () => beckon.product.added({ ...product, quantity: 1 })],
      ['bought', () => beckon.order.completed({ order_id: crypto.randomUUID?.(), total: product.price, products: [{ ...product, quantity: 1 }] })],
    ])
    for (const [act, tap] of acts) {
      const button = element('button', 'small')
      button.addEventListener('click', tap)
      button.dataset.act = act
      shows.push(() => (button.textContent = word(act)))
      row.append(button)
    }
    shows.push(() => {
      name.textContent = word(/** @type {'serum'} */ (product.product_id))
      price.textContent = money(product.price, product.currency)
    })
    card.append(picture, name, price, row)
    at('products').append(card)
  }
}

/** @param {number} amount @param {string} currency */
function money(amount, currency) {
  return new Intl.NumberFormat(language, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(amount)
}

/** @param {string} path */
function drawing(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '0 0 32 32')
  svg.setAttribute('aria-hidden', 'true')
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  line.setAttribute('d', path)
  line.setAttribute('fill', '#7a3048')
  svg.append(line)
  return svg
}

/** @param {Beckon} beckon */
function showRoom(beckon) {
  for (const button of document.querySelectorAll('[data-room]')) {
    const act = /** @type {keyof typeof beckon.room} */ (/** @type {HTMLElement} */ (button).dataset.room)
    button.addEventListener('click', () => beckon.room[act](act === 'left' ? {} : (lastCalled() ?? ROOM)))
  }
  const look = () => {
    const inRoom = beckon.inRoom
    mark(at('roomBadge'), inRoom ? `${word('inRoom')} ${inRoom.room_id}` : word('outside'), inRoom ? 'good' : '')
  }
  beckon.addEventListener('room', look)
  shows.push(look)
}

/** The room that the last message called into. @type {Record<string, string> | undefined} */
let called
const lastCalled = () => called

/** @param {Beckon} beckon */
function showIdentity(beckon) {
  const look = () => {
    at('anonymousId').textContent = beckon.anonymousId
    at('userId').textContent = beckon.userId ?? '–'
    at('deviceId').textContent = beckon.deviceId
    mark(at('kind'), word(beckon.userId ? 'shopper' : 'visitor'), beckon.userId ? 'good' : '')
    at('signOut').toggleAttribute('disabled', !beckon.userId)
  }
  beckon.addEventListener('identity', look)
  shows.push(look)
  at('signIn').addEventListener('submit', (event) => {
    event.preventDefault()
    const form = /** @type {HTMLFormElement} */ (event.target)
    beckon.identify(String(new FormData(form).get('user')))
    form.reset()
  })
  at('signOut').addEventListener('click', () => beckon.reset())
  at('agree').addEventListener('click', () => beckon.consent({ service: true, marketing: true }))
  at('refuse').addEventListener('click', () => beckon.consent({ service: false, marketing: false }))
}

/** @param {Beckon} beckon */
function showQueue(beckon) {
  /** Events that no answer has come for. @type {HTMLElement[]} */
  let waiting = []
  let sent = 0
  // All named calls go through these two; a shop has no need to do this.
  for (const name of /** @type {const} */ (['track', 'identify'])) {
    const call = /** @type {(...said: any[]) => string} */ (beckon[name].bind(beckon))
    beckon[name] = (/** @type {any} */ what, /** @type {any} */ more, /** @type {any} */ options) => {
      const badge = element('span', 'badge')
      mark(badge, word('waiting'), 'wait')
      waiting.push(badge)
      log(at('log'), name === 'track' ? what : `identify ${what}`, badge, describe({ ...more, ...options?.context }))
      at('logEmpty').hidden = true
      return call(what, more, options)
    }
  }
  const look = () => {
    const { queued, dropped, retry_at, online } = beckon.status
    at('queued').textContent = String(queued)
    at('sent').textContent = String(sent)
    at('dropped').textContent = String(dropped)
    mark(at('network'), word(online ? 'online' : 'offline'), online ? 'good' : 'wait')
    at('retry').hidden = retry_at === undefined
    if (retry_at) at('retry').textContent = `${word('retry')} ${Math.ceil((retry_at - Date.now()) / 1000)} s`
  }
  beckon.addEventListener('queue', (event) => {
    const { kind } = /** @type {CustomEvent} */ (event).detail ?? {}
    // Of a queue that is empty, all events have their answer.
    if (beckon.status.queued === 0 && (kind === 'taken' || kind === 'refused')) {
      for (const badge of waiting) mark(badge, word(kind === 'taken' ? 'taken' : 'refused'), kind === 'taken' ? 'good' : 'bad')
      sent += kind === 'taken' ? waiting.length : 0
      waiting = []
    }
    look()
  })
  addEventListener('online', look)
  addEventListener('offline', look)
  setInterval(look, 1_000)
  shows.push(look)
}

/** @param {InApp} inApp */
function showInApp(inApp) {
  const look = () => {
    const { state, over, resumed, why } = inApp.state
    mark(at('connection'), word(state), state === 'open' ? 'good' : state === 'closed' ? 'bad' : 'wait')
    const open = `${over === 'sse' ? 'SSE' : 'WebSocket'}, ${word(resumed ? 'resumed' : 'fresh')}`
    at('connectionMore').textContent = state === 'open' ? open : (why ?? '')
  }
  inApp.addEventListener('state', look)
  shows.push(look)
  inApp.addEventListener('message', (event) => {
    const { message, fate } = /** @type {CustomEvent} */ (event).detail
    const badge = element('span', 'badge')
    mark(badge, word(fate === 'entered' ? 'wentIn' : fate), fate === 'shown' || fate === 'entered' ? 'good' : '')
    log(at('messages'), message.title || message.id, badge, message.id)
    at('messagesEmpty').hidden = true
    if (message.room_id || message.show_id) called = { ...ROOM, room_id: message.room_id || ROOM.room_id, show_id: message.show_id }
  })
}

/** @param {WebPush} push */
function showPush(push) {
  let why = ''
  const look = async () => {
    const { supported, permission, subscribed } = await push.state()
    const state = !supported ? 'unsupported' : subscribed ? 'subscribed' : permission === 'denied' ? 'denied' : 'notSubscribed'
    mark(at('pushState'), word(state), subscribed ? 'good' : state === 'notSubscribed' ? '' : 'bad')
    at('subscribe').hidden = subscribed
    at('unsubscribe').hidden = !subscribed
    at('subscribe').toggleAttribute('disabled', !supported)
    at('pushWhy').textContent = why
  }
  const does = (/** @type {() => Promise<unknown>} */ what) => async () => {
    why = word('asking')
    look()
    why = await what().then(() => '', (error) => (error instanceof PushError ? error.message.replace('beckon: ', '') : String(error)))
    await look()
  }
  at('subscribe').addEventListener('click', does(() => push.subscribe()))
  at('unsubscribe').addEventListener('click', does(() => push.unsubscribe()))
  shows.push(look)
}

/** @param {Beckon} beckon */
function showProfile(beckon) {
  const look = () => {
    const url = `${beckon.host}/api/v1/profiles/${encodeURIComponent(beckon.userId ?? beckon.anonymousId)}`
    at('curl').textContent = `curl -u "$BECKON_SERVER_KEY:" ${url}`
    at('profile').setAttribute('href', url)
  }
  beckon.addEventListener('identity', look)
  shows.push(look)
  at('copy').addEventListener('click', async () => {
    await navigator.clipboard?.writeText(at('curl').textContent ?? '')
    at('copy').textContent = word('copied')
    setTimeout(() => (at('copy').textContent = word('copy')), 1_500)
  })
}

/** @param {HTMLElement} list @param {string} what @param {HTMLElement} badge @param {string} more */
function log(list, what, badge, more) {
  const line = element('li')
  line.append(element('span', 'what', what), badge)
  if (more) line.append(element('span', 'more', more))
  list.prepend(line)
  if (list.childElementCount > LOG_MAX) list.lastElementChild?.remove()
}

/** @param {Record<string, any>} properties */
function describe(properties) {
  const texts = Object.entries(properties).map(([name, value]) => {
    if (Array.isArray(value)) return `${name}: ${value.length}`
    return `${name}: ${typeof value === 'object' && value !== null ? JSON.stringify(value) : value}`
  })
  return texts.join(' · ').slice(0, 200)
}
