// Looks at the page again when something has happened; whoever is in the middle of something is only told so.
import {busy, swap, tell} from './swap.js'

const LEAST = 1500
let source, followed = '', last = 0, waiting

const wanted = () => document.querySelector('main [data-live]')?.dataset.live || ''
const what = (address) => address.replace(/after=\d+/, '')

function follow() {
  source?.close()
  source = null
  followed = document.hidden ? '' : wanted()
  if (!followed) return
  source = new EventSource(followed)
  source.onmessage = () => {
    clearTimeout(waiting)
    waiting = setTimeout(look, Math.max(0, last + LEAST - Date.now()))
  }
}

function look() {
  last = Date.now()
  const words = document.documentElement.lang === 'de' ? ['Hier hat sich etwas geändert.', 'Zeigen'] : ['Something has changed here.', 'Show']
  if (busy()) tell(words[0], {label: words[1], run: () => swap(location.href)})
  else swap(location.href, {quiet: true})
}

follow()
document.addEventListener('swapped', () => { if (what(wanted()) !== what(followed)) follow() })
document.addEventListener('visibilitychange', () => {
  follow()
  if (followed) look()
})
addEventListener('pagehide', () => source?.close())
