// Beckon's own SDK in a real browser, where a browser is what matters: the keyboard on a message, two tabs, a tab that
// crashes, the service worker. Against the SDK's stand-in for a server, so it needs none:
//   node sdk.mjs
// Prints one line for each thing that was seen; exits 0 only if all were.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { start } from '../../../sdk/web/test/mock.mjs'

const require = createRequire(new URL('../node/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const LIMIT_MS = 20_000

const mock = await start()
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
})
const address = `${mock.url}/sdk/example?key=a-write-key`
const calls = (event) => [...mock.mock.calls.values()].filter((it) => it.event === event)

/** A page with the SDK, in a browser that has not been here. */
async function visit(context) {
  const page = await context.newPage()
  page.setDefaultTimeout(LIMIT_MS)
  page.on('pageerror', (error) => {
    console.error(`page: ${error.message}`)
    process.exitCode = 1
  })
  await page.goto(address)
  await page.waitForFunction(() => globalThis.inApp?.state.state === 'open')
  return page
}

async function until(what, isSo) {
  for (const end = Date.now() + LIMIT_MS; !(await isSo()); await new Promise((ok) => setTimeout(ok, 25))) {
    if (Date.now() > end) throw new Error(`never: ${what}`)
  }
}

const seen = {
  async 'a message is announced, reached and put away by keyboard, and gives the focus back'() {
    const context = await browser.newContext({ locale: 'zh-CN' })
    const page = await visit(context)
    await page.focus('[name=user]')
    const title = '<img src=x onerror=alert(1)> 仅剩 40 件'
    const { id } = mock.send({ title, body: '梅子正在讲解。', language: 'zh' })
    const card = page.getByRole('dialog', { name: title })
    await card.waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'user', 'it takes no focus')
    assert.equal(await card.locator('img').count(), 0, 'a title is text')
    assert.equal(await page.locator('beckon-messages').getByRole('status').count(), 1)
    await card.getByRole('button', { name: '进入直播间' }).focus()
    await page.keyboard.press('Tab')
    assert.equal(await card.getByRole('button', { name: '关闭' }).evaluate((it) => it.matches(':focus')), true)
    await page.keyboard.press('Escape')
    await card.waitFor({ state: 'detached' })
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'user', 'the focus is back')
    await until('it is told', () => calls('Push Notification Dismissed').some((it) => it.properties.message_id === id))
    await context.close()
  },

  async 'whoever asks for less motion gets none, and a dark page a dark card'() {
    const context = await browser.newContext({ reducedMotion: 'reduce', colorScheme: 'dark' })
    const page = await visit(context)
    mock.send({ title: 'Calm' })
    const card = page.getByRole('dialog', { name: 'Calm' })
    await card.waitFor()
    const { motion, colour } = await card.evaluate((it) => {
      const style = getComputedStyle(it)
      return { motion: style.animationName, colour: style.backgroundColor }
    })
    assert.deepEqual([motion, colour], ['none', 'rgb(31, 31, 38)'])
    await context.close()
  },

  async 'of two tabs one shows a message, and the other takes over when it is looked at'() {
    const context = await browser.newContext()
    const first = await visit(context)
    const second = await visit(context)
    await first.waitForFunction(() => globalThis.inApp.state.code === 4409)
    mock.send({ title: 'Once' })
    await second.getByRole('dialog', { name: 'Once' }).waitFor()
    assert.equal(await first.getByRole('dialog').count(), 0)
    await first.evaluate(() => dispatchEvent(new Event('focus')))
    await second.waitForFunction(() => globalThis.inApp.state.code === 4409)
    assert.equal(await first.evaluate(() => globalThis.inApp.state.resumed), true)
    await context.close()
  },

  async 'a connection that breaks comes back, and the message it lost is shown once'() {
    const context = await browser.newContext()
    const page = await visit(context)
    mock.breakAll()
    const { id } = mock.send({ title: 'In between' })
    await page.getByRole('dialog', { name: 'In between' }).waitFor()
    mock.breakAll()
    mock.send({ id, title: 'In between' })
    await page.waitForFunction(() => globalThis.inApp.state.resumed)
    await until('it is acknowledged again', () => mock.frames.filter((it) => it.ids?.includes(id)).length >= 2)
    assert.equal(await page.getByRole('dialog').count(), 1)
    assert.equal(calls('Push Notification Received').filter((it) => it.properties.message_id === id).length, 1)
    await context.close()
  },

  async 'what a crashed tab had not sent, the next one sends'() {
    const context = await browser.newContext()
    const page = await visit(context)
    await page.route('**/v1/batch', (route) => route.abort())
    await page.evaluate(() => globalThis.beckon.track('Before the crash'))
    await page.goto('chrome://crash').catch(() => {})
    await visit(context)
    await until('it is sent', () => calls('Before the crash').length === 1)
    await context.close()
  },

  async 'the worker shows a push, not what the page has shown, and reports it'() {
    const context = await browser.newContext({ permissions: ['notifications'] })
    const page = await visit(context)
    const { send: devtools } = await pushTo(context, page)
    const message = (fields) => ({ title: 'Pushed', language: 'en', link: '/t/pushed', expires_at: new Date(Date.now() + 60_000), ...fields })
    const shown = () => page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready
      return (await registration.getNotifications()).map((it) => it.title)
    })
    await devtools(message({ id: 'w-1' }))
    await until('it is shown', async () => (await shown()).includes('Pushed'))
    await until('it is told', () => calls('Push Notification Received').some((it) => it.properties.message_id === 'w-1'))
    mock.send({ id: 'w-2', title: 'In the app' })
    await page.getByRole('dialog', { name: 'In the app' }).waitFor()
    await devtools(message({ id: 'w-2', title: 'Twice' }))
    await devtools(message({ id: 'w-3', title: 'Late', expires_at: '2020-01-01T00:00:00Z' }))
    await devtools(message({ id: 'w-4', title: 'Last' }))
    await until('the last is shown', async () => (await shown()).includes('Last'))
    assert.deepEqual((await shown()).filter((it) => it === 'Twice' || it === 'Late'), [])
    await context.close()
  },
}

/** Registers the worker as `subscribe` would (no push service is at hand), and gives a way to push to it. */
async function pushTo(context, page) {
  await page.evaluate(async () => {
    const { leaveWord } = await import('./seen.js')
    const { host, writeKey, deviceId, anonymousId } = globalThis.beckon
    await leaveWord('who', { host, write_key: writeKey, device_id: deviceId, anonymous_id: anonymousId })
    await navigator.serviceWorker.register('./worker.js', { scope: '/' })
    await navigator.serviceWorker.ready
  })
  const devtools = await context.newCDPSession(page)
  const found = new Promise((ok) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [it] }) => it && ok(it.registrationId))
  })
  await devtools.send('ServiceWorker.enable')
  const registrationId = await found
  const send = (message) =>
    devtools.send('ServiceWorker.deliverPushMessage', { origin: mock.url, registrationId, data: JSON.stringify(message) })
  return { send }
}

try {
  for (const [what, look] of Object.entries(seen)) {
    await look().then(
      () => console.log(what),
      (error) => {
        console.error(`not so: ${what}\n${error.stack}`)
        process.exitCode = 1
      },
    )
  }
} finally {
  await browser.close()
  mock.close()
}
