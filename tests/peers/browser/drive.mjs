// Tells the story in a real browser with @segment/analytics-next from its package:
//   BECKON_URL=… BECKON_WRITE_KEY=… node drive.mjs USER [--batch]
// Serves the page and the SDK on a loopback port of its own, so the events cross origins.
// Prints one JSON line of what was sent; exits 0 only if nothing failed in the page, the SDK or the network.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { story, target } from '../node/story.mjs'

const require = createRequire(new URL('../node/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const BUNDLES = join(dirname(require.resolve('@segment/analytics-next/package.json')), 'dist', 'umd')
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const LIMIT_MS = 30_000

const [user, ...options] = process.argv.slice(2)
if (!user || options.some((o) => o !== '--batch')) {
  console.error('usage: node drive.mjs USER [--batch]')
  process.exit(2)
}
const batch = options.includes('--batch')
const beckon = target()
const name = `@segment/analytics-next${batch ? ' batch' : ''}`
const tale = story(user, name, ['identify', 'track', 'page', 'screen', 'group', 'alias'])

/** What the vendor's CDN would serve, and the page. */
async function serve(path) {
  const json = (value) => ['application/json', JSON.stringify(value)]
  if (path === '/') return ['text/html; charset=utf-8', await readFile(new URL('page.html', import.meta.url))]
  if (path === '/story.json') return json({ ...beckon, batch, ...tale })
  if (path === '/analytics.min.js') return ['text/javascript', await readFile(join(BUNDLES, 'standalone.js'))]
  if (path.startsWith('/analytics-next/bundles/')) {
    return ['text/javascript', await readFile(join(BUNDLES, basename(path)))]
  }
  // sampleRate 0: the SDK's own performance counters are not the story.
  if (path === `/v1/projects/${encodeURIComponent(beckon.key)}/settings`) {
    return json({ integrations: { 'Segment.io': { apiKey: beckon.key } }, metrics: { sampleRate: 0 } })
  }
  return undefined
}

const server = createServer((request, response) => {
  serve(new URL(request.url, 'http://page').pathname).then(
    (found) => response.writeHead(found ? 200 : 404, { 'content-type': found?.[0] ?? 'text/plain' }).end(found?.[1]),
    (error) => response.writeHead(500).end(String(error)),
  )
})
await new Promise((ok) => server.listen(0, '127.0.0.1', ok))

const errors = []
const profile = await mkdtemp(join(tmpdir(), 'beckon-browser-'))
let browser
try {
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
      // Whatever the SDK falls back to, nothing leaves this machine.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'],
  })
  const page = browser.pages()[0] ?? (await browser.newPage())
  let accepted = 0
  page.on('pageerror', (e) => errors.push(`page: ${e.message}`))
  page.on('console', (m) => m.type() === 'error' && errors.push(`console: ${m.text()} ${m.location().url}`))
  page.on('requestfailed', (r) => errors.push(`${r.method()} ${r.url()}: ${r.failure()?.errorText}`))
  page.on('response', (r) => {
    const sent = r.request()
    if (!r.ok()) return errors.push(`${sent.method()} ${r.url()}: ${r.status()}`)
    if (sent.method() === 'POST') accepted += sent.postDataJSON().batch?.length ?? 1
  })
  await page.goto(`http://127.0.0.1:${server.address().port}/`, { timeout: LIMIT_MS })
  const told = await page.waitForFunction(() => window.told, null, { timeout: LIMIT_MS })
  errors.push(...(await told.jsonValue()).errors)
  // A batch leaves after the calls have returned.
  for (let waited = 0; waited < LIMIT_MS && errors.length === 0 && accepted < tale.steps.length; waited += 50) {
    await page.waitForTimeout(50)
  }
  if (accepted !== tale.steps.length) errors.push(`${accepted} of ${tale.steps.length} events were accepted`)
} catch (error) {
  errors.push(error.message)
} finally {
  await browser?.close()
  server.close()
  await rm(profile, { recursive: true, force: true })
}
for (const error of errors) console.error(`${name}: ${error}`)
if (errors.length > 0) process.exit(1)
console.log(JSON.stringify(tale.sent))
