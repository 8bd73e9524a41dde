/**
 * The room page at work: it plays the show, follows it live, and tells what the shopper does.
 */

import { firstPicture } from '../pictures.js'
import { Player } from '../player.js'
import { Model } from './model.js'
import { Reporter, visitor } from './report.js'
import { Stay } from './stay.js'
import { View, icon, part, still } from './view.js'

/**
 * What the server says of this page.
 * @typedef {object} Config
 * @property {string} lang
 * @property {Record<string, string>} words
 * @property {string} base this page's own path
 * @property {string} feed path of the live feed
 * @property {string} share the address to pass on: it names nobody
 * @property {string} show
 * @property {string} room
 * @property {string} host
 * @property {string} [message] the message whose link was tapped
 * @property {string} [about] the product that it spoke of
 * @property {string} [poster]
 * @property {string} [app] a link that opens the room in the shop's app
 * @property {import('../player.js').Source} [source]
 * @property {number} now the server's clock
 * @property {import('./model.js').Live} live
 * @property {import('./model.js').Good[]} goods
 */

/** Likes within this are told as one. */
const LIKES_MS = 2000
/** Stalls beyond so many are told with the stay alone. */
const STALLS_TOLD_MAX = 20

/** What is painted already may wait so long for the first picture before it does anything, in milliseconds. */
const PICTURE_FIRST_MS = 500

const join = globalThis.beckonJoin
if (join) await firstPicture(/** @type {HTMLVideoElement} */ (part('video')), join, PICTURE_FIRST_MS)

/** @type {Config} */
const config = JSON.parse(part('config').textContent ?? '{}')
const { words } = config
const model = new Model(config.live, config.goods, config.now, config.about)
const view = new View(model, config)
const memory = (() => {
  try {
    return localStorage
  } catch {
    return undefined
  }
})()
/** @type {Record<string, unknown>} */
const common = { show_id: config.show, room_id: config.room, host_id: config.host }
if (config.message) common.message_id = config.message
const reporter = new Reporter(`${config.base}/events`, visitor(memory), common)
/** @param {string} event @param {Record<string, unknown>} [properties] */
const track = (event, properties) => reporter.track(event, properties)

// The picture.
const video = /** @type {HTMLVideoElement} */ (part('video'))
/** @type {Player | undefined} */
let player
let stallsTold = 0
/** What was told of stalls when the shopper last left. */
let tolled = { stalls: 0, stalled_ms: 0 }
/** @type {import('../player.js').PlayerStats | undefined} */
let lastStats
const seen = () => document.visibilityState === 'visible'

const stay = new Stay(track, () => {
  const now = { stalls: player?.stalls ?? 0, stalled_ms: Math.round(player?.stalledMs ?? 0) }
  const toll = { stalls: now.stalls - tolled.stalls, stalled_ms: now.stalled_ms - tolled.stalled_ms }
  tolled = now
  if (!player || player.transport === 'none') return {}
  return { ...toll, freezes: lastStats?.freezes ?? 0, frozen_ms: lastStats?.frozen_ms ?? 0, joins: player.joins }
})

function play() {
  const source = config.source
  if (player || !source || !(source.whep || source.hls)) return
  player = new Player(video, source, {
    join: globalThis.beckonJoin,
    renew: async () => {
      const answer = await fetch(`${config.base}/now`, { cache: 'no-store' })
      return answer.ok ? (await answer.json()).source : undefined
    },
    onState: (state) => {
      view.player(state)
      if (state === 'elsewhere') embed(source.page ?? '')
      if (state === 'unplayable' && config.app) part('app').hidden = false
      drawSound()
    },
    onStarted: ({ transport, stages }) => track('Live Player Started', { transport, ...stages }),
    onStalled: (stall) => {
      if (stallsTold++ < STALLS_TOLD_MAX) track('Live Player Stalled', stall)
    },
    onStats: (stats) => (lastStats = stats),
  })
  globalThis.beckonJoin = undefined
  player.start()
}

function stop() {
  player?.stop()
  player = undefined
  drawSound()
}

/**
 * The shop's own page plays it where the browser cannot.
 * @param {string} url
 */
function embed(url) {
  const frame = document.createElement('iframe')
  frame.src = url
  frame.title = words.elsewhere
  frame.allow = 'autoplay; fullscreen'
  frame.className = 'embedded'
  video.replaceWith(frame)
}

function drawSound() {
  const playing = player !== undefined && !['unplayable', 'elsewhere', 'closed'].includes(player.state)
  const tap = player?.state === 'blocked'
  const unmute = part('unmute')
  unmute.hidden = !playing || !(tap || (video.muted && player?.startedAt))
  unmute.replaceChildren(icon(tap ? 'play' : 'mute'), Object.assign(document.createElement('span'), { textContent: tap ? words.blocked : words.sound_on }))
  const sound = part('sound')
  sound.hidden = !playing
  sound.replaceChildren(icon(video.muted ? 'mute' : 'sound'))
  sound.setAttribute('aria-label', video.muted ? words.unmute : words.mute)
  sound.setAttribute('aria-pressed', String(!video.muted))
}

const loud = () => {
  void player?.unmute()
  drawSound()
}
part('unmute').addEventListener('click', loud)
part('sound').addEventListener('click', () => (video.muted ? loud() : player?.mute()))
video.addEventListener('volumechange', drawSound)
video.addEventListener('resize', () => {
  part('stage').dataset.wide = String(video.videoWidth > video.videoHeight)
})

// What lies on the picture stands clear of the card below it.
const side = /** @type {HTMLElement} */ (document.querySelector('.side'))
new ResizeObserver(() => part('stage').style.setProperty('--side', `${side.offsetHeight}px`)).observe(side)

// The show.
let stateBefore = ''
function follow() {
  const on = model.live.state === 'on_air'
  if (on) play()
  else stop()
  // Now that it is on, the host is likely there.
  if (model.live.state !== stateBefore) player?.retry()
  stateBefore = model.live.state
  stay.air(on)
  view.draw()
  view.player(player?.state ?? 'closed')
}

/** @type {EventSource | undefined} */
let feed
function listen() {
  if (feed && feed.readyState !== EventSource.CLOSED) return
  feed = new EventSource(config.feed)
  /** @param {(data: any) => void} take @returns {(event: MessageEvent<string>) => void} */
  const reading = (take) => (event) => {
    take(JSON.parse(event.data))
    follow()
  }
  feed.addEventListener('clock', (event) => model.sync(Number(event.data)))
  feed.addEventListener('goods', reading((goods) => model.restock(goods)))
  feed.addEventListener('state', reading((live) => model.take(live)))
  // The browser reconnects by itself, except after a refusal.
  feed.addEventListener('error', () => {
    if (feed?.readyState === EventSource.CLOSED && seen()) setTimeout(listen, 5000 + Math.random() * 10_000)
  })
}
setInterval(() => view.tick(), 1000)

// What the shopper does.
/** @param {string} id */
function about(id) {
  const good = model.goods.get(id)
  return { product_id: id, name: good?.title, price: good?.amount, currency: good?.currency, offer_id: good?.offer }
}
/** @param {string} id */
function add(id) {
  const good = model.goods.get(id)
  if (!good || model.left(good)?.word === 'sold_out') return
  view.cart.set(id, (view.cart.get(id) ?? 0) + 1)
  track('Product Added', { ...about(id), quantity: 1 })
  view.draw()
  view.drawCart()
  view.toast(`${words.added} · ${good.title}`)
}
const detail = /** @type {HTMLDialogElement} */ (part('detail'))
/** @param {string} id */
function open(id) {
  if (!model.goods.has(id)) return
  view.detailed = id
  view.drawDetail()
  view.tick()
  track('Product Viewed', about(id))
  if (!detail.open) detail.showModal()
}
view.onAdd = add
view.onOpen = open
part('card-add').addEventListener('click', () => add(part('card').dataset.product ?? ''))
part('card-picture').addEventListener('click', () => open(part('card').dataset.product ?? ''))
part('card-name').addEventListener('click', () => open(part('card').dataset.product ?? ''))
part('detail-add').addEventListener('click', () => add(view.detailed))
part('detail-close').addEventListener('click', () => detail.close())
detail.addEventListener('click', (event) => event.target === detail && detail.close())
detail.addEventListener('close', () => (view.detailed = ''))

const bag = part('bag')
const opener = part('open-bag')
/** @param {boolean} on */
function showBag(on) {
  if (on === (bag.dataset.open === 'true')) return
  bag.dataset.open = String(on)
  opener.setAttribute('aria-expanded', String(on))
  if (on) part('bag-close').focus()
  else opener.focus()
}
opener.addEventListener('click', () => showBag(bag.dataset.open !== 'true'))
part('bag-close').addEventListener('click', () => showBag(false))
part('stage').addEventListener('click', (event) => {
  if (!(event.target instanceof Element && event.target.closest('button,a'))) showBag(false)
})
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !detail.open) showBag(false)
})

let likes = 0
/** @type {ReturnType<typeof setTimeout> | undefined} */
let liking
function tellLikes() {
  clearTimeout(liking)
  liking = undefined
  if (likes > 0) track('Live Liked', { count: likes })
  likes = 0
}
part('like').addEventListener('click', () => {
  view.heart()
  likes += 1
  liking ??= setTimeout(tellLikes, LIKES_MS)
})

const form = /** @type {HTMLFormElement} */ (part('bar'))
form.addEventListener('submit', (event) => {
  event.preventDefault()
  const field = /** @type {HTMLInputElement} */ (part('comment'))
  const text = field.value.trim()
  if (!text) return field.focus()
  track('Live Commented', { text })
  view.comment(text)
  field.value = ''
})

/** @param {string} name */
function recall(name) {
  try {
    return memory?.getItem(name) === 'yes'
  } catch {
    return false
  }
}
/** @param {string} name @param {boolean} on */
function remember(name, on) {
  try {
    if (on) memory?.setItem(name, 'yes')
    else memory?.removeItem(name)
  } catch {
    // Full or forbidden: it is forgotten with the page.
  }
}
const followButton = part('follow')
let followed = recall(`beckon-follow ${config.host}`)
function drawFollow() {
  followButton.textContent = followed ? words.following : words.follow
  followButton.setAttribute('aria-pressed', String(followed))
}
followButton.addEventListener('click', () => {
  followed = !followed
  remember(`beckon-follow ${config.host}`, followed)
  track(followed ? 'Live Followed' : 'Live Unfollowed')
  drawFollow()
})
drawFollow()

/** @param {string} show @param {boolean} on */
function remind(show, on) {
  if (on) view.reminders.add(show)
  else view.reminders.delete(show)
  remember(`beckon-reminder ${show}`, on)
  track(on ? 'Live Reminder Booked' : 'Live Reminder Cancelled', { show_id: show })
  if (on) view.toast(words.reminded)
  drawRemind()
}
const remindButton = part('remind')
function drawRemind() {
  const booked = view.reminders.has(config.show)
  remindButton.setAttribute('aria-pressed', String(booked))
  const label = remindButton.lastElementChild
  if (label) label.textContent = booked ? words.reminded : words.remind
  view.drawCover()
}
for (const show of [config.show, ...(config.live.coming ?? []).map((it) => it.show)]) {
  if (recall(`beckon-reminder ${show}`)) view.reminders.add(show)
}
remindButton.addEventListener('click', () => remind(config.show, !view.reminders.has(config.show)))
view.onRemind = (show) => remind(show, !view.reminders.has(show))
drawRemind()

part('share').addEventListener('click', async () => {
  const link = { title: model.live.title, url: config.share }
  let method = 'clipboard'
  try {
    if (typeof navigator.share === 'function' && navigator.canShare?.(link) !== false) {
      method = 'share'
      await navigator.share(link)
    } else {
      await navigator.clipboard.writeText(link.url)
      view.toast(words.copied)
    }
  } catch (error) {
    // He thought better of it: nothing was shared.
    if (method === 'share' && error instanceof DOMException && error.name === 'AbortError') return
    view.toast(words.not_copied)
    return
  }
  track('Live Shared', { method })
})

// Coming and going.
let tapped = false
function look() {
  stay.look(seen())
  if (!seen()) {
    tellLikes()
    reporter.leave()
    return
  }
  listen()
  // A tap counts when a person looks at the page: what scans links has none who does.
  if (config.message && !tapped) {
    tapped = true
    fetch(`${config.base}/tapped`, { method: 'POST', keepalive: true }).catch(() => {})
  }
}
document.addEventListener('visibilitychange', look)
addEventListener('pagehide', () => {
  stay.look(false)
  tellLikes()
  reporter.leave()
  feed?.close()
  player?.stop()
  player = undefined
})
// A page that comes back from the browser's memory of it begins anew.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return
  follow()
  look()
})
if (config.poster) part('backdrop').dataset.own = 'yes'
document.body.dataset.motion = still() ? 'still' : 'moves'
follow()
look()
