// A shopper in a real browser on the room page of a running Beckon, from before the show until after it:
//   BECKON_URL=… BECKON_SERVER_KEY=… [ROOM_TAP=http://…/t/…] [ROOM_SHOTS=folder] node drive.mjs
// The picture is real WebRTC from a second peer inside the browser (fake-whep.js). Prints one JSON line of what was
// seen; exits 0 only if all of it was as it should be and the browser had nothing to complain of.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { GOODS, art } from './goods.mjs'

const require = createRequire(new URL('../node/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const { BECKON_URL: base, BECKON_SERVER_KEY: key, ROOM_SHOTS: shots, CHROMIUM = '/usr/bin/chromium' } = process.env
if (!base || !key) {
  console.error('BECKON_URL and BECKON_SERVER_KEY say where Beckon is')
  process.exit(2)
}
const LIMIT_MS = 90_000
const SHOP = 'https://shop.test'
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } }

/** A call of the control API. */
async function control(method, path, body) {
  const answer = await fetch(`${base}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  const text = await answer.text()
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
  return text ? JSON.parse(text) : undefined
}
const put = (path, body) => control('PUT', path, body)
const cue = (body) => control('POST', 'shows/tonight/cues', body)
const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString()

async function plan(language) {
  await put('hosts/mei', { name: language === 'zh' ? '林小美' : 'Mei', style: 'calm' })
  await put('rooms/beauty', { title: 'Beauty room', host_id: 'mei' })
  for (const it of GOODS) {
    await put(`products/${it.id}`, {
      title: it.title[language], category: 'skincare', price: it.price, currency: 'CNY', image_url: `${SHOP}/${it.id}.svg`,
    })
  }
  const slot = (id, from) => ({ product_id: id, starts_at: at(83 + from), ends_at: at(83 + from + 20) })
  await put('shows/tonight', {
    room_id: 'beauty', title: language === 'zh' ? '冬季护肤之夜' : 'Winter skincare night', starts_at: at(83), ends_at: at(203),
    slots: GOODS.map((it, i) => slot(it.id, i * 20)),
  })
  await put('shows/lips', { room_id: 'beauty', title: language === 'zh' ? '口红试色专场' : 'Lipstick try-on hour', starts_at: at(1500), ends_at: at(1560) })
}

const errors = []
const seen = {}
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--allow-loopback-in-peer-connection',
    '--disable-features=WebRtcHideLocalIpsWithMdns', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'],
})

/** A new shopper with a browser of his own. */
async function shopper(size, locale, options = {}) {
  const phone = size === 'phone'
  const context = await browser.newContext({
    viewport: sizes[size], deviceScaleFactor: phone ? 2 : 1, isMobile: phone, hasTouch: phone, locale, ...options,
  })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await context.addInitScript({ path: new URL('fake-whep.js', import.meta.url).pathname })
  await context.route(`${SHOP}/**`, (route) => {
    const it = GOODS.find((it) => route.request().url().endsWith(`/${it.id}.svg`))
    return route.fulfill({ contentType: 'image/svg+xml', body: art(it.kind, it.colours, it.ground) })
  })
  const page = await context.newPage()
  page.setDefaultTimeout(LIMIT_MS)
  page.on('pageerror', (e) => errors.push(`page: ${e.message}`))
  // The tone of the fake server begins with the first tap; that is its own matter.
  const ours = (m) => !m.text().startsWith('The AudioContext was not allowed to start')
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && ours(m) && errors.push(`console: ${m.text()}`))
  page.on('request', (r) => {
    const { origin } = new URL(r.url())
    if (origin !== new URL(base).origin && origin !== SHOP && !r.url().startsWith('data:')) errors.push(`a request to ${r.url()}`)
  })
  return page
}
const is = (page, what, ...rest) => page.waitForFunction(what, ...rest).catch((e) => assert.fail(`${what}: ${e.message.split('\n')[0]}`))
const state = (page, word) => is(page, (word) => document.body.dataset.state === word, word)
const player = (page, word) => is(page, (word) => document.body.dataset.player === word, word)
const text = (page, id) => page.locator(`#${id}`).innerText()
const shown = (page, id, words) => is(page, ([id, words]) => document.getElementById(id).textContent.includes(words), [id, words])
async function shot(page, name) {
  if (!shots) return
  mkdirSync(shots, { recursive: true })
  await page.waitForTimeout(500)
  await page.screenshot({ path: join(shots, `${name}.png`) })
}
/** Whether the picture moves: two looks at it differ, sooner or later. */
async function moves(page) {
  const look = () => page.evaluate(() => {
    const video = document.getElementById('video')
    const canvas = Object.assign(document.createElement('canvas'), { width: 54, height: 96 })
    const g = canvas.getContext('2d')
    g.drawImage(video, 0, 0, 54, 96)
    return [...g.getImageData(0, 0, 54, 96).data].join()
  })
  const before = await look()
  for (let waited = 0; waited < LIMIT_MS; waited += 400) {
    await page.waitForTimeout(400)
    if (before !== (await look())) return true
  }
  return false
}

try {
  await plan('zh')
  // Before.
  const mei = await shopper('phone', 'zh-CN')
  const answer = await mei.goto(`${base}/r/tonight`)
  const policy = answer.headers()['content-security-policy']
  assert.ok(!policy.includes('unsafe'), policy)
  assert.equal(await mei.getAttribute('html', 'lang'), 'zh')
  await state(mei, 'planned')
  assert.equal(await text(mei, 'cover-word'), '距开播')
  const first = await text(mei, 'countdown')
  assert.match(first, /^1:2\d:\d\d$/)
  await is(mei, (first) => document.getElementById('countdown').textContent !== first, first)
  assert.equal(await mei.evaluate(() => window.fakeWhep.offers), 0, 'no offer before the show')
  await shot(mei, 'phone-before-zh')
  await mei.click('#remind')
  await shown(mei, 'remind', '已预约提醒')
  const wide = await shopper('desktop', 'de-DE')
  await wide.goto(`${base}/r/tonight?lang=zh`)
  await shot(wide, 'desktop-before-zh')

  // On air, told by the feed alone.
  await plan('en')
  await cue({ cue: 'start' })
  await state(mei, 'on_air')
  await put('offers/o-serum', { show_id: 'tonight', product_id: 'serum', price: 199, original_price: 299, stock: 37, opens_at: at(-1), ends_at: at(12) })
  await put('offers/o-cream', { show_id: 'tonight', product_id: 'cream', price: 268, stock: 1200, opens_at: at(-1) })
  await player(mei, 'playing')
  assert.ok(await moves(mei), 'the picture moves')
  await cue({ cue: 'pin', product_id: 'serum' })
  await shown(mei, 'card-label', '正在讲解')
  await shown(mei, 'card-price', '¥199')
  await shown(mei, 'card-stock', '37')
  await shown(mei, 'card-ends', '11:')
  assert.equal(await text(mei, 'card-was'), '¥299')
  await wide.close()

  // A second one, in English at a desk.
  const tom = await shopper('desktop', 'en-GB')
  await tom.goto(`${base}/r/tonight`)
  await player(tom, 'playing')
  // The browser may say so a while after it has painted.
  await is(tom, () => performance.getEntriesByName('first-contentful-paint').length === 1)
  assert.ok(await moves(tom))
  assert.equal(await text(tom, 'card-label'), 'On show now')
  await shown(mei, 'viewers', '2')
  await shot(tom, 'desktop-live-en')
  await shot(mei, 'phone-live-zh')
  const ann = await shopper('phone', 'en-GB', { reducedMotion: 'reduce' })
  await ann.goto(`${base}/r/tonight`)
  await player(ann, 'playing')
  await shot(ann, 'phone-live-en')
  // A long name has the two lines that it needs.
  await cue({ cue: 'pin', product_id: 'mask' })
  await shown(ann, 'card-name', 'hyaluronic acid')
  const lines = await ann.evaluate(() => {
    const name = document.getElementById('card-name')
    const line = parseFloat(getComputedStyle(name).lineHeight)
    return [name.clientHeight, name.scrollHeight].map((it) => Math.round(it / line))
  })
  assert.deepEqual(lines, [2, 2], 'all of the name is seen')
  await shot(ann, 'phone-long-name')
  await cue({ cue: 'pin', product_id: 'serum' })
  await shown(ann, 'card-name', 'Repair serum')
  await ann.click('#like')
  assert.equal(await ann.locator('#hearts svg').count(), 0, 'nothing flies where nothing should move')
  await is(ann, () => document.getElementById('like').dataset.liked === 'true')
  // From right to left nothing sticks out.
  await ann.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'))
  assert.ok(await ann.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
  await shot(ann, 'phone-live-rtl')
  await ann.context().close()

  // What the host does is seen by all.
  await cue({ cue: 'stock', offer_id: 'o-serum', stock: 5 })
  for (const page of [mei, tom]) await shown(page, 'card-stock', '5')
  await cue({ cue: 'offer_changed', offer_id: 'o-serum', price: 189 })
  await shown(tom, 'card-price', '¥189')
  await cue({ cue: 'pin', product_id: 'cream' })
  for (const page of [mei, tom]) await shown(page, 'card-price', '¥268')
  await shown(tom, 'card-name', 'Overnight barrier cream')
  await is(tom, () => document.getElementById('said').textContent.includes('Overnight barrier cream'))
  seen.pinned = await text(tom, 'card-name')

  // What the shopper does.
  await mei.click('#unmute')
  await is(mei, () => !document.getElementById('video').muted && document.getElementById('unmute').hidden)
  for (let i = 0; i < 5; i++) await mei.click('#like')
  await shot(mei, 'phone-hearts')
  await mei.fill('#comment', '干皮可以用吗？')
  await mei.keyboard.press('Enter')
  await shown(mei, 'comments', '干皮可以用吗？')
  await mei.click('#follow')
  await shown(mei, 'follow', '已关注')
  await mei.click('#card-add')
  await shown(mei, 'cart', '1')
  await mei.click('#open-bag')
  await shot(mei, 'phone-bag')
  await mei.click('[data-of="add mask"]')
  await shown(mei, 'cart', '2')
  await mei.keyboard.press('Escape')
  await is(mei, () => document.activeElement?.id === 'open-bag')
  await mei.click('#card-picture')
  await is(mei, () => document.getElementById('detail').open)
  await shot(mei, 'phone-detail')
  await mei.keyboard.press('Escape')
  await is(mei, () => !document.getElementById('detail').open)
  await mei.evaluate(() => { navigator.share = undefined })
  await mei.click('#share')
  await shown(mei, 'toast', '链接已复制')
  assert.equal(await mei.evaluate(() => navigator.clipboard.readText()), `${base}/r/tonight`)

  // By keyboard alone: from the top to the cart.
  await tom.evaluate(() => document.activeElement?.blur())
  const reached = []
  for (let i = 0; i < 14; i++) {
    await tom.keyboard.press('Tab')
    reached.push(await tom.evaluate(() => document.activeElement?.id || document.activeElement?.dataset?.of || ''))
  }
  for (const id of ['follow', 'sound', 'share', 'unmute', 'card-picture', 'card-add', 'add serum']) assert.ok(reached.includes(id), `${id} of ${reached}`)

  // The network goes away and comes back; the host does, too.
  await mei.evaluate(() => window.fakeWhep.peers.forEach((it) => it.close()))
  await is(mei, () => ['reconnecting', 'held'].includes(document.body.dataset.player))
  await is(mei, () => window.fakeWhep.offers >= 2)
  await player(mei, 'playing')
  assert.ok(await moves(mei))
  const late = await shopper('phone', 'en-US')
  await late.addInitScript(() => { window.fakeWhep.refuse = 2 })
  await late.goto(`${base}/r/tonight`)
  await player(late, 'waiting')
  await shot(late, 'phone-waiting-en')
  await player(late, 'playing')
  seen.asked = await late.evaluate(() => window.fakeWhep.offers)
  await late.context().close()

  // After.
  await cue({ cue: 'end' })
  await state(mei, 'over')
  await state(tom, 'over')
  await is(mei, () => window.fakeWhep.deleted >= 1)
  await shown(mei, 'goods', '¥299')
  assert.ok(!(await text(mei, 'goods')).includes('¥189'), 'the offer is over with its show')
  assert.match(await mei.locator('.coming-link').innerText(), /Lipstick try-on hour/)
  await mei.click('.bell')
  await shown(mei, 'toast', '已预约提醒')
  await shot(mei, 'phone-after-zh')
  await shot(tom, 'desktop-after-en')
  const visitor = await mei.evaluate(() => localStorage.getItem('beckon-visitor'))
  await mei.goto('about:blank')

  // What the server knows of it.
  let profile
  let names
  for (let waited = 0; waited < LIMIT_MS; waited += 100) {
    profile = await control('GET', `profiles/${visitor}`)
    names = (await control('GET', 'stats')).events.by_name
    if (names['Live Room Left'] >= 3 && names['Live Reminder Booked'] >= 2 && profile.behaviour?.recent?.in_cart?.length === 2) break
    await new Promise((done) => setTimeout(done, 100))
  }
  for (const name of ['Live Room Entered', 'Live Room Left', 'Live Liked', 'Live Commented', 'Live Shared', 'Live Followed', 'Live Reminder Booked',
    'Product Added', 'Product Viewed', 'Live Player Started', 'Live Player Stalled']) assert.ok(names[name] > 0, `${name} in ${JSON.stringify(names)}`)
  assert.deepEqual(profile.behaviour.recent.in_cart.map((it) => it.product_id).sort(), ['cream', 'mask'])
  assert.equal(profile.behaviour.interests.hosts[0].name, 'mei')
  seen.events = names
  seen.visitor = visitor

  // A tap link is the same page, and speaks for its shopper.
  if (process.env.ROOM_TAP) {
    const tapped = await shopper('phone', 'zh-CN')
    await tapped.goto(process.env.ROOM_TAP)
    await is(tapped, () => document.body.dataset.state)
    await shot(tapped, 'phone-tap')
    await tapped.context().close()
  }
} catch (error) {
  errors.push(error.stack ?? String(error))
} finally {
  await browser.close()
}
for (const error of errors) console.error(`room page: ${error}`)
if (errors.length > 0) process.exit(1)
console.log(JSON.stringify(seen))
