// Tells the story through one unmodified server-side SDK:
//   BECKON_URL=… BECKON_WRITE_KEY=… node send.mjs segment|rudderstack|jitsu|jitsu-s2s USER
// Prints one JSON line of what was sent; exits 0 only if the SDK reported no error.
import { createRequire } from 'node:module'
import { story, target } from './story.mjs'

const require = createRequire(import.meta.url)
const EVERY_CALL = ['identify', 'track', 'page', 'screen', 'group', 'alias']

/** The message form that the Segment-like SDKs take. */
function message(step, { ids, traits }) {
  const who = step.who === 'anonymous' || step.who === 'guest' ? { anonymousId: ids[step.who] } : { userId: ids.user }
  switch (step.call) {
    case 'identify': return { userId: ids.user, anonymousId: ids.anonymous, traits }
    case 'track': return { ...who, event: step.event, properties: step.properties }
    case 'page':
    case 'screen': return { ...who, category: step.category, name: step.name, properties: step.properties }
    case 'group': return { ...who, groupId: step.group, traits: step.traits }
    case 'alias': return { userId: ids.user, previousId: ids.guest }
    default: throw new Error(`the story has a call that no SDK knows: ${step.call}`)
  }
}

async function segment({ url, key }, user) {
  const { Analytics } = require('@segment/analytics-node')
  const errors = []
  const tale = story(user, '@segment/analytics-node', EVERY_CALL)
  const sdk = new Analytics({ writeKey: key, host: url, maxRetries: 3 }).on('error', (e) => errors.push(e.reason ?? e))
  for (const step of tale.steps) sdk[step.call](message(step, tale))
  await sdk.closeAndFlush()
  return { tale, errors }
}

async function rudderstack({ url, key }, user) {
  const Rudder = require('@rudderstack/rudder-sdk-node')
  const errors = []
  const tale = story(user, '@rudderstack/rudder-sdk-node', EVERY_CALL)
  const sdk = new Rudder(key, { dataPlaneUrl: url, errorHandler: (e) => errors.push(e) })
  let answered = 0
  for (const step of tale.steps) sdk[step.call](message(step, tale), () => answered++)
  await sdk.flush()
  // The first event leaves at once on its own; its answer may still be due.
  for (let i = 0; i < 200 && answered < tale.steps.length; i++) await new Promise((ok) => setTimeout(ok, 50))
  if (answered < tale.steps.length) errors.push(new Error(`${answered} of ${tale.steps.length} events were answered`))
  return { tale, errors }
}

async function jitsu({ url, key }, user, s2s) {
  const { jitsuAnalytics } = require('@jitsu/js')
  const errors = []
  // It has neither screen nor alias. It waits for each answer, so the order is kept.
  const tale = story(user, s2s ? '@jitsu/js s2s' : '@jitsu/js', ['identify', 'track', 'page', 'group'])
  const sdk = jitsuAnalytics({ host: url, writeKey: key, s2s, errorPolicy: (e) => errors.push(new Error(e)) })
  await sdk.setAnonymousId(tale.ids.anonymous)
  for (const step of tale.steps) {
    if (step.call === 'identify') await sdk.identify(tale.ids.user, tale.traits)
    if (step.call === 'track') await sdk.track(step.event, step.properties)
    if (step.call === 'page') await sdk.page({ name: step.name, category: step.category, ...step.properties })
    if (step.call === 'group') await sdk.group(step.group, step.traits)
  }
  return { tale, errors }
}

const SDKS = {
  segment,
  rudderstack,
  jitsu: (to, user) => jitsu(to, user, false),
  'jitsu-s2s': (to, user) => jitsu(to, user, true),
}

const [name, user] = process.argv.slice(2)
if (!SDKS[name] || !user) {
  console.error(`usage: node send.mjs ${Object.keys(SDKS).join('|')} USER`)
  process.exit(2)
}
const { tale, errors } = await SDKS[name](target(), user)
for (const error of errors) console.error(`${tale.sent.sdk}: ${error?.message ?? JSON.stringify(error)}`)
if (errors.length > 0) process.exit(1)
console.log(JSON.stringify(tale.sent))
