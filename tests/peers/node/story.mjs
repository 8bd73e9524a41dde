// The story every SDK tells, cut to what that SDK can say.
import { readFileSync } from 'node:fs'

/** Story of one user: ids, traits, steps, and the counts that the server must end up with. */
export function story(user, sdk, calls) {
  const text = readFileSync(new URL('../story.json', import.meta.url), 'utf8').replaceAll('{user}', user)
  const { traits, steps: all } = JSON.parse(text)
  // A guest who is never aliased would be another shopper's event.
  const steps = all.filter((s) => calls.includes(s.call) && (s.who !== 'guest' || calls.includes('alias')))
  const count = (names) => names.reduce((sum, name) => ({ ...sum, [name]: (sum[name] ?? 0) + 1 }), {})
  const ids = { user, anonymous: `${user}-anon`, guest: `${user}-guest` }
  const sent = {
    sdk,
    user,
    anonymous: [ids.anonymous, ...(calls.includes('alias') ? [ids.guest] : [])],
    events: count(steps.filter((s) => s.call === 'track').map((s) => s.event)),
    calls: count(steps.map((s) => s.call)),
  }
  return { ids, traits, steps, sent }
}

/** Where to send, from the environment. */
export function target() {
  const { BECKON_URL: url, BECKON_WRITE_KEY: key } = process.env
  if (!url || !key) throw new Error('BECKON_URL and BECKON_WRITE_KEY must be set')
  return { url: url.replace(/\/+$/, ''), key }
}
