// Single keys, as long as nobody types: switched off under "You" (WCAG 2.1.4).
const SELF = 'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]'
let before = ''

const rows = () => [...document.querySelectorAll('main [data-row]')]
const current = () => document.activeElement?.closest('[data-row]') || document.querySelector('main .here')

function step(by) {
  const all = rows(), at = all.indexOf(current())
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]
  if (!next) return
  for (const row of all) row.classList.toggle('here', row === next)
  ;(next.querySelector('[data-open]') || next.querySelector('a, button, input'))?.focus()
  next.scrollIntoView({block: 'nearest'})
}

const deeds = {
  '/': () => document.getElementById('search').select() ?? document.getElementById('search').focus(),
  '?': () => document.getElementById('keys').showModal(),
  j: () => step(1),
  k: () => step(-1),
  e: () => current()?.querySelector('[data-done]')?.click(),
  x: () => current()?.querySelector('input[type=checkbox]')?.click(),
}

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && event.target.matches?.(SELF)) return event.target.blur()
  if (!('keys' in document.documentElement.dataset) || event.target.matches?.(SELF)) return
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || document.querySelector('dialog[open]')) return
  if (before === 'g') {
    before = ''
    const link = document.querySelector(`.side [data-go="${CSS.escape(event.key)}"]`)
    if (link) { event.preventDefault(); link.click() }
    return
  }
  before = event.key === 'g' ? 'g' : ''
  if (Object.hasOwn(deeds, event.key)) { event.preventDefault(); deeds[event.key]() }
})
document.addEventListener('focusin', (event) => {
  const row = event.target.closest?.('main [data-row]')
  if (row) for (const other of rows()) other.classList.toggle('here', other === row)
})
