// Pictures of products, drawn: the tests have no network, and a page without pictures cannot be judged.

const shapes = {
  serum: (c) => `<rect x="210" y="250" width="180" height="270" rx="26" fill="${c[0]}"/><rect x="210" y="250" width="60" height="270" rx="26" fill="#fff3"/>
    <rect x="255" y="190" width="90" height="66" rx="10" fill="#2b2730"/><rect x="278" y="110" width="44" height="86" rx="20" fill="#3a3540"/>
    <rect x="234" y="340" width="132" height="90" rx="6" fill="#fffb"/><rect x="254" y="362" width="92" height="8" fill="${c[1]}"/><rect x="254" y="384" width="66" height="6" fill="#0004"/>`,
  cream: (c) => `<rect x="150" y="310" width="300" height="190" rx="46" fill="${c[0]}"/><rect x="150" y="310" width="80" height="190" rx="40" fill="#fff3"/>
    <rect x="140" y="236" width="320" height="84" rx="22" fill="${c[1]}"/><rect x="140" y="236" width="90" height="84" rx="22" fill="#fff4"/><rect x="230" y="380" width="140" height="52" rx="6" fill="#fffb"/>`,
  mask: (c) => `<rect x="180" y="140" width="240" height="330" rx="14" fill="${c[0]}"/><rect x="180" y="140" width="240" height="44" fill="${c[1]}"/>
    <path d="M300 236c58 0 82 40 82 92s-36 96-82 96-82-44-82-96 24-92 82-92" fill="#fff9"/><circle cx="270" cy="316" r="14" fill="${c[0]}"/><circle cx="330" cy="316" r="14" fill="${c[0]}"/><rect x="272" y="372" width="56" height="12" rx="6" fill="${c[0]}"/>`,
  lip: (c) => `<rect x="252" y="320" width="96" height="200" rx="10" fill="#26222b"/><rect x="260" y="264" width="80" height="64" fill="#d8b25a"/>
    <path d="M268 264v-96l64-44v140z" fill="${c[0]}"/><path d="M268 264v-96l22-15v111z" fill="#fff3"/>`,
}

/** An SVG picture, by name and two colours. */
export function art(kind, colours, ground) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600"><defs><radialGradient id="g" cx=".5" cy=".4" r=".8"><stop offset="0" stop-color="${ground[0]}"/><stop offset="1" stop-color="${ground[1]}"/></radialGradient></defs>
  <rect width="600" height="600" fill="url(#g)"/><ellipse cx="300" cy="528" rx="170" ry="22" fill="#0002"/>${shapes[kind](colours)}</svg>`
}

/** The goods of the test's show, in the order of its rundown. */
export const GOODS = [
  { id: 'serum', kind: 'serum', title: { en: 'Repair serum, 30 ml', zh: '修护精华 30ml' }, price: 299, colours: ['#c2446a', '#c2446a'], ground: ['#fbe9ea', '#e7b9c0'] },
  { id: 'cream', kind: 'cream', title: { en: 'Overnight barrier cream', zh: '夜间屏障修护面霜' }, price: 368, colours: ['#5b7fa6', '#e9eef5'], ground: ['#e6eff8', '#aebfd6'] },
  { id: 'mask', kind: 'mask', title: { en: 'Hydrating silk masks, box of five with hyaluronic acid', zh: '玻尿酸补水蚕丝面膜 五片装' }, price: 129, colours: ['#4f9d84', '#2f6d5b'], ground: ['#e5f4ee', '#a8d5c4'] },
  { id: 'lip', kind: 'lip', title: { en: 'Velvet lipstick 05', zh: '丝绒口红 05' }, price: 159, colours: ['#b01235', '#b01235'], ground: ['#fff1e2', '#efc39a'] },
]
