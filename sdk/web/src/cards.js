// The in-app message as the shopper sees it: a card at the bottom of a phone, in the corner of a desk. It interrupts
// nobody: it takes no focus, stays until it is answered or untrue, can be reached and closed by keyboard, and gives the
// focus back to where it was. It lives in a shadow root, so that shop and card do not restyle each other; `--beckon-accent` is
// the one colour a shop may want to set.
/** @import { Message } from './types.js' */

/** More cards than this hide the shop. */
const CARDS_MAX = 3

const WORDS = {
  zh: { enter: '进入直播间', dismiss: '关闭', live: '直播', region: '直播消息' },
  en: { enter: 'Enter the room', dismiss: 'Dismiss', live: 'Live', region: 'Live messages' },
}

const STYLE = `
  :host { all: initial; position: fixed; z-index: 2147483000; inset: auto 0 0 0; pointer-events: none; }
  section { display: flex; flex-direction: column; gap: .5rem; align-items: stretch; box-sizing: border-box;
    padding: .75rem max(.75rem, env(safe-area-inset-right)) max(.75rem, env(safe-area-inset-bottom))
             max(.75rem, env(safe-area-inset-left)); }
  .card { --accent: var(--beckon-accent, #d81e56);
    pointer-events: auto; position: relative; display: grid; grid-template-columns: auto 1fr; gap: .25rem .875rem;
    padding: 1rem; border-radius: 1.125rem; background: #fff; color: #17171c; border: 1px solid #0000000f;
    box-shadow: 0 .75rem 2.5rem #0000002e; font: 400 .9375rem/1.45 system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif;
    animation: rise .28s cubic-bezier(.2, .9, .3, 1.1); }
  .card:not(.pictured) { grid-template-columns: 1fr; }
  img { grid-row: 1 / span 3; width: 5rem; height: 5rem; border-radius: .75rem; object-fit: cover; background: #f1f1f4; }
  .live { display: flex; align-items: center; gap: .375rem; font-size: .75rem; font-weight: 600; color: var(--accent); }
  .live::before { content: ""; width: .5rem; height: .5rem; border-radius: 50%; background: currentColor;
    animation: pulse 1.6s ease-in-out infinite; }
  h2 { margin: 0; padding-right: 2rem; font-size: 1.0625rem; line-height: 1.35; font-weight: 650; overflow-wrap: anywhere; }
  p { margin: 0; color: #4d4d57; overflow-wrap: anywhere;
    display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
  button { font: inherit; cursor: pointer; border: 0; }
  .enter { grid-column: 1 / -1; margin-top: .625rem; min-height: 2.75rem; border-radius: 1.375rem; font-weight: 600;
    color: #fff; background: var(--accent); }
  .enter:hover { filter: brightness(1.08); }
  .dismiss { position: absolute; top: .25rem; right: .25rem; width: 2.75rem; height: 2.75rem; border-radius: 50%;
    color: #6a6a75; background: none; font-size: 1.375rem; line-height: 1; }
  .dismiss:hover { background: #0000000a; }
  button:focus-visible { outline: 3px solid #2f6fed; outline-offset: 2px; }
  @media (min-width: 40rem) { :host { inset: auto 0 0 auto; width: 26rem; } section { padding: 1.25rem; } }
  @media (prefers-color-scheme: dark) {
    .card { background: #1f1f26; color: #f5f5f7; border-color: #ffffff1a; box-shadow: 0 .75rem 2.5rem #000000a6; }
    .live { color: #ff7099; } p { color: #b9b9c4; } .dismiss { color: #a5a5b1; } .dismiss:hover { background: #ffffff14; }
    img { background: #2b2b33; } button:focus-visible { outline-color: #8ab4ff; } }
  @media (prefers-reduced-motion: reduce) { .card, .live::before { animation: none; } }
  @media (forced-colors: active) { .card, button { border: 1px solid; } }
  @keyframes rise { from { transform: translateY(1.5rem); opacity: 0; } }
  @keyframes pulse { 50% { opacity: .35; } }
`

export class Cards {
  /** @type {HTMLElement | undefined} */
  #host
  /** @type {HTMLElement | undefined} */
  #region
  /** Where the focus was before it came to a card. @type {HTMLElement | null} */
  #before = null

  /**
   * Shows a message.
   * @param {Message} message
   * @param {{enter: () => void, dismiss: () => void}} reply
   * @returns {() => void} takes it away
   */
  show(message, { enter, dismiss }) {
    const region = this.#place()
    const words = wordsOf(message.language)
    const card = element('div', 'card')
    card.setAttribute('role', 'dialog')
    card.lang = message.language
    const live = element('div', 'live', words.live)
    const title = element('h2', '', message.title)
    const text = element('p', '', message.body)
    const close = element('button', 'dismiss', '×')
    name(card, title, 'labelledby', `${message.id}-title`)
    name(card, text, 'describedby', `${message.id}-body`)
    close.setAttribute('aria-label', words.dismiss)
    close.addEventListener('click', dismiss)
    card.append(...pictureOf(message, card), live, title, text)
    if (message.link) {
      const go = element('button', 'enter', words.enter)
      go.addEventListener('click', enter)
      card.append(go)
    }
    card.append(close)
    card.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      dismiss()
    })
    card.addEventListener('focusin', ({ relatedTarget }) => {
      if (relatedTarget instanceof HTMLElement && !region.contains(relatedTarget)) this.#before = relatedTarget
    })
    // The newest is nearest to the thumb; what it pushes out was shown long enough to be read.
    region.append(card)
    if (region.childElementCount > CARDS_MAX) region.firstElementChild?.remove()
    return () => this.#remove(card)
  }

  /** @param {HTMLElement} card */
  #remove(card) {
    const hadFocus = card.contains(this.#host?.shadowRoot?.activeElement ?? null)
    card.remove()
    if (this.#region?.childElementCount === 0) this.#host?.remove()
    if (hadFocus && this.#before?.isConnected) this.#before.focus()
  }

  /** Where cards go: the first thing in the page, so that one Tab from its top reaches them. */
  #place() {
    if (!this.#host || !this.#region) {
      this.#host = element('beckon-messages')
      this.#region = element('section')
      // What is added is read aloud when there is a pause.
      this.#region.setAttribute('role', 'status')
      this.#region.setAttribute('aria-live', 'polite')
      this.#region.setAttribute('aria-label', wordsOf('').region)
      const root = this.#host.attachShadow({ mode: 'open' })
      // A style sheet that a script builds is not stopped by the shop's content security policy.
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(STYLE)
      root.adoptedStyleSheets = [sheet]
      root.append(this.#region)
    }
    if (!this.#host.isConnected) document.body.prepend(this.#host)
    return this.#region
  }
}

/** @param {Message} message @param {HTMLElement} card */
function pictureOf({ image }, card) {
  if (!image) return []
  const picture = document.createElement('img')
  picture.alt = ''
  picture.referrerPolicy = 'no-referrer'
  picture.addEventListener('error', () => {
    picture.remove()
    card.classList.remove('pictured')
  })
  picture.src = image
  card.classList.add('pictured')
  return [picture]
}

/** Names `card` by `part`. @param {HTMLElement} card @param {HTMLElement} part @param {string} relation @param {string} id */
function name(card, part, relation, id) {
  part.id = id
  card.setAttribute(`aria-${relation}`, id)
}

/** @param {string} language of the message; of the page if it has none */
function wordsOf(language) {
  const spoken = language || document.documentElement.lang || navigator.language
  return spoken.toLowerCase().startsWith('zh') ? WORDS.zh : WORDS.en
}

/** @param {string} tag @param {string} [style] @param {string} [text] always text, never markup */
function element(tag, style = '', text = '') {
  const made = document.createElement(tag)
  made.className = style
  made.textContent = text
  return made
}
