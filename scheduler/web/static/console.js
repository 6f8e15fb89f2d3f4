// The page works without any of this: every action is a form, every view an address.
import {announce, swap} from './swap.js'
import './live.js'
import './keys.js'
import './week.js'

document.documentElement.dataset.script = ''
announce()
if ('zoneWanted' in document.documentElement.dataset) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (zone && !document.cookie.includes('console-zone=')) {
    document.cookie = `console-zone=${zone}; path=/; max-age=31536000; samesite=lax`
    swap(location.href)
  }
}
document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-opens]')
  if (opener) document.getElementById(opener.dataset.opens).showModal()
})
// Whoever follows a link to a whole page is shown that it is on its way; a download leaves nothing.
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href]')
  if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return
  if ('swap' in link.dataset || link.hasAttribute('download') || link.target || link.origin !== location.origin || link.hash) return
  document.getElementById('main').dataset.leaving = ''
})
addEventListener('pageshow', () => { delete document.getElementById('main').dataset.leaving })
