// A shopper in a real browser, with Beckon's own SDK on the page that the server serves at /sdk/example: he is tracked,
// books a reminder, gets an in-app message as the show starts, taps, is on the show's page and in the room; then his
// network goes and comes back.
//   BECKON_URL=… BECKON_WRITE_KEY=… BECKON_SERVER_KEY=… node reach.mjs USER [--pictures FOLDER]
// Plans the show itself, so the server should be a fresh one. Prints one JSON line of what was seen; exits 0 only if all
// of it was as it should be, and nothing failed in the page.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { target } from '../node/story.mjs'

const require = createRequire(new URL('../node/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const LIMIT_MS = 60_000
const SHOW = 'tonight'
const VIEWS_OFFLINE = 5

const [user, option, folder] = process.argv.slice(2)
const { url, key } = target()
const serverKey = process.env.BECKON_SERVER_KEY
if (!user || !serverKey || (option && (option !== '--pictures' || !folder))) {
  console.error('usage: BECKON_URL=… BECKON_WRITE_KEY=… BECKON_SERVER_KEY=… node reach.mjs USER [--pictures FOLDER]')
  process.exit(2)
}

/** A call of the control API. */
async function control(method, path, body) {
  const headers = { authorization: `Bearer ${serverKey}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/v1/${path}`, { method, headers, body: body && JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok && answer.status !== 404) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text ? JSON.parse(text) : {}
}

/** Asks until the answer is right; of one that never is, tells the last. */
async function until(what, ask, isRight) {
  const end = Date.now() + LIMIT_MS
  for (let last; ; await new Promise((ok) => setTimeout(ok, 50))) {
    last = await ask()
    if (isRight(last)) return last
    if (Date.now() > end) throw new Error(`${what}: still ${JSON.stringify(last)}`)
  }
}

/** A show that begins soon. Its reminder is a service, so no price has to be found first. */
async function plan() {
  const now = Date.now()
  const minutes = (from_now) => new Date(now + from_now * 60_000).toISOString()
  const none = { never_pct: 0, ghost_pct: 0, random_pct: 0 }
  await control('PUT', 'policy', { quiet_hours: null, gap_minutes: 0, fatigue: 0, holdouts: none })
  await control('PUT', 'channels/in_app', {})
  await control('PUT', 'hosts/mei', { name: 'Mei', style: 'calm' })
  await control('PUT', 'rooms/beauty', { title: 'Beauty room', host_id: 'mei' })
  await control('PUT', 'products/serum', { title: 'Repair serum', category: 'skincare', price: 299, currency: 'CNY' })
  const slots = [{ product_id: 'serum', starts_at: minutes(5), ends_at: minutes(60) }]
  const show = { room_id: 'beauty', title: 'Winter skincare night', starts_at: minutes(5), ends_at: minutes(60), slots }
  await control('PUT', `shows/${SHOW}`, show)
}

const failures = []
let browser
try {
  await plan()
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  })
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-US', timezoneId: 'Asia/Shanghai' })
  const page = await context.newPage()
  page.setDefaultTimeout(LIMIT_MS)
  let isOffline = false
  page.on('pageerror', (error) => failures.push(`page: ${error.message}`))
  page.on('console', (said) => {
    const from = said.location().url
    // A room's page needs no icon of its own.
    const isExpected = from.endsWith('/favicon.ico')
    if (said.type() === 'error' && !isOffline && !isExpected) failures.push(`console: ${said.text()} ${from}`)
    if (said.type() === 'warning' && said.text().startsWith('beckon:')) failures.push(said.text())
  })
  const picture = async (name) => folder && page.screenshot({ path: join(folder, `${name}.png`) })
  const message = page.locator('beckon-messages').getByRole('dialog')

  await page.goto(`${url}/sdk/example?key=${encodeURIComponent(key)}&show=${SHOW}&room=beauty`)
  await page.waitForFunction(() => globalThis.inApp?.state.state === 'open')
  await page.fill('[name=user]', user)
  await page.click('#signIn button')
  await page.click('[data-act=viewed] >> nth=0')
  await page.click('[data-room=reminderBooked]')
  // Signing in opens a connection for the shopper in place of the visitor's.
  await page.waitForFunction(() => globalThis.inApp.state.state === 'open')
  await page.waitForFunction(() => globalThis.beckon.status.queued === 0)
  const profile = await until('the profile', () => control('GET', `profiles/${encodeURIComponent(user)}`), (it) => it.events >= 3)
  await picture('tracked')

  await control('POST', `shows/${SHOW}/cues`, { cue: 'start' })
  await message.waitFor()
  const title = await message.getByRole('heading').textContent()
  await picture('message')
  await message.getByRole('button', { name: 'Enter the room' }).click()
  await page.waitForURL(/\/t\//)
  await page.waitForLoadState()
  const landed = new URL(page.url()).pathname.replace(/[^/]+$/, '…')
  await picture('room')

  // The shop's own player would say it; here the example page does.
  await page.goBack()
  await page.waitForFunction(() => globalThis.inApp?.state.state === 'open')
  await page.click('[data-room=entered]')
  // Only now, so that the reminder is the one message of the evening.
  await page.click('#agree')
  const { funnel } = await until(
    'the report',
    () => control('GET', `shows/${SHOW}/report`),
    (it) => it.funnel?.tapped === 1 && it.funnel?.entered === 1,
  )

  const named = async (name) => (await control('GET', 'stats')).events?.by_name?.[name] ?? 0
  const before = await named('Product Viewed')
  isOffline = true
  await context.setOffline(true)
  for (let at = 0; at < VIEWS_OFFLINE; at++) await page.click(`[data-act=viewed] >> nth=${at % 3}`)
  await page.waitForFunction((count) => globalThis.beckon.status.queued >= count, VIEWS_OFFLINE)
  await picture('offline')
  await context.setOffline(false)
  await page.waitForFunction(() => globalThis.beckon.status.queued === 0 && globalThis.inApp.state.state === 'open')
  isOffline = false
  const viewed = await until('the views', () => named('Product Viewed'), (it) => it >= before + VIEWS_OFFLINE)
  if (viewed !== before + VIEWS_OFFLINE) failures.push(`${viewed - before} views were counted of ${VIEWS_OFFLINE}`)
  // A message that was shown is not shown again by a page that came back, twice.
  if ((await message.count()) > 0) failures.push('the message was shown again')
  const { repeated } = (await control('GET', 'stats')).events
  console.log(JSON.stringify({ sdk: '@beckon/web', user, events: profile.events, title, landed, tapped: funnel.tapped,
    entered: funnel.entered, viewed_offline: viewed - before, repeated }))
} catch (error) {
  failures.push(error.message)
} finally {
  await browser?.close()
}
for (const failure of failures) console.error(`@beckon/web: ${failure}`)
if (failures.length > 0) process.exit(1)
