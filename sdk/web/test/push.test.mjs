// Web Push from the page's side: subscribing, what the server is told and when, and what a shopper can be told who
// cannot have it.
import 'fake-indexeddb/auto'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Beckon } from '../src/beckon.js'
import { WebPush } from '../src/push.js'
import { answer, open as openBrowser, pass, settle } from './browser.mjs'

const KEY = 'BAEC'

async function open(t, { permission = 'default', reply = 'granted' } = {}) {
  const browser = openBrowser(t)
  const workers = []
  const manager = {
    subscription: null,
    async subscribe({ applicationServerKey, userVisibleOnly }) {
      assert.equal(userVisibleOnly, true)
      this.subscription ??= {
        endpoint: `https://push.example/${manager.made++}`,
        options: { applicationServerKey: applicationServerKey.buffer },
        toJSON() {
          return { endpoint: this.endpoint, expirationTime: null, keys: { p256dh: 'p', auth: 'a' } }
        },
        unsubscribe: async () => (manager.subscription = null),
      }
      return this.subscription
    },
    getSubscription: async () => manager.subscription,
    made: 1,
  }
  const registration = { pushManager: manager, active: {}, getNotifications: async () => [] }
  const permissions = new EventTarget()
  const Notification = { permission, requestPermission: async () => (Notification.permission = reply) }
  Object.assign(browser.navigator, {
    serviceWorker: {
      register: async (url, { scope }) => (workers.push([url, scope]), registration),
      getRegistration: async () => (workers.length > 0 ? registration : undefined),
    },
    permissions: { query: async () => permissions },
  })
  Object.assign(globalThis, { Notification, PushManager: class {} })
  const beckon = Beckon.load({ writeKey: 'k-1', host: 'https://beckon.example', deviceState: false })
  const keys = (key = KEY) => browser.server.next.push(() => answer(200, { public_key: key }))
  const said = async () => {
    await pass(600)
    const told = browser.server.taken.filter((it) => it.event === 'Push Subscription Changed')
    return told.map((it) => [it.properties.subscription?.endpoint ?? null, it.properties.permission, it.userId])
  }
  return { ...browser, beckon, manager, workers, permissions, Notification, keys, said }
}

test('subscribing asks, takes the key of the server, and tells it the subscription', async (t) => {
  const { beckon, server, workers, manager, keys } = await open(t)
  keys()
  const push = WebPush.attach(beckon)
  await push.subscribe()
  await pass(600)
  assert.equal(server.requests[0].url, 'https://beckon.example/v1/push-key?write_key=k-1')
  assert.deepEqual(workers, [['https://beckon.example/sdk/worker.js', '/']])
  assert.deepEqual([...new Uint8Array(manager.subscription.options.applicationServerKey)], [4, 1, 2])
  assert.deepEqual(server.taken[0].properties, {
    device_id: beckon.deviceId,
    channel: 'web_push',
    subscription: { endpoint: 'https://push.example/1', keys: { p256dh: 'p', auth: 'a' } },
    permission: 'granted',
  })
  assert.deepEqual(await push.state(), { supported: true, permission: 'granted', subscribed: true })
})

test('a page that is loaded again tells nothing new', async (t) => {
  const { beckon, keys, said } = await open(t)
  keys()
  await WebPush.attach(beckon).subscribe()
  WebPush.attach(beckon)
  await settle()
  assert.equal((await said()).length, 1)
})

test('whoever is here next has the device told for him', async (t) => {
  const { beckon, keys, said } = await open(t)
  keys()
  await WebPush.attach(beckon).subscribe()
  beckon.identify('u-1')
  await pass(100)
  beckon.reset()
  const told = await said()
  assert.deepEqual(told.map((it) => it[2]), [undefined, 'u-1', undefined])
})

test('a subscription or a permission that went is told', async (t) => {
  const { beckon, keys, said, manager, permissions, Notification } = await open(t)
  keys()
  await WebPush.attach(beckon).subscribe()
  manager.subscription = null
  Notification.permission = 'denied'
  permissions.dispatchEvent(new Event('change'))
  assert.deepEqual((await said()).at(-1), [null, 'denied', undefined])
})

test('unsubscribing takes the address away', async (t) => {
  const { beckon, keys, said, manager } = await open(t)
  keys()
  const push = WebPush.attach(beckon)
  await push.subscribe()
  await push.unsubscribe()
  assert.deepEqual([(await said()).at(-1), manager.subscription], [[null, 'granted', undefined], null])
})

test('a new key of the server makes a new subscription', async (t) => {
  const { beckon, keys, said } = await open(t)
  const push = WebPush.attach(beckon)
  keys()
  await push.subscribe()
  keys('BAID')
  await push.subscribe()
  assert.deepEqual((await said()).map((it) => it[0]), ['https://push.example/1', 'https://push.example/2'])
})

for (const [reply, why] of [['denied', 'denied'], ['default', 'dismissed']]) {
  test(`a shopper who answers "${reply}" is not subscribed, and the page knows why`, async (t) => {
    const { beckon, said, workers } = await open(t, { reply })
    await assert.rejects(WebPush.attach(beckon).subscribe(), { name: 'PushError', why })
    assert.deepEqual([await said(), workers], [[[null, reply, undefined]], []])
  })
}

test('a server without a key, and a browser without push, say so', async (t) => {
  const { beckon, server } = await open(t)
  server.next = [() => answer(404, { detail: 'web push is not set up' })]
  const push = WebPush.attach(beckon)
  await assert.rejects(push.subscribe(), { why: 'not_configured', message: /404 web push is not set up/ })
  delete globalThis.PushManager
  await assert.rejects(push.subscribe(), { why: 'unsupported' })
  assert.equal((await push.state()).supported, false)
})
