// Fetches a block of a page by its name and puts it in place. Focus, what was typed into fields that have the focus,
// open details and the place of the page stay.
const make = (text) => text
const policy = window.trustedTypes ? window.trustedTypes.createPolicy('console', {createHTML: make}) : {createHTML: make}
const main = document.getElementById('main')
let asked = 0

export function tell(text, action) {
  const line = document.createElement('p')
  line.textContent = text
  if (action) {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = action.label
    button.addEventListener('click', () => { line.remove(); action.run() })
    line.append(button)
  } else {
    setTimeout(() => line.remove(), 12000)
  }
  document.getElementById('told').replaceChildren(line)
}

// What was just done is told beside the page, so that it outlives the next look.
export function announce() {
  for (const line of main.querySelectorAll('[data-said]')) {
    tell(line.textContent)
    line.remove()
  }
}

// Whether somebody is in the middle of something that a fresh page would take away.
export function busy() {
  const there = (field) => field.type === 'checkbox' || field.type === 'radio'
    ? field.checked !== field.defaultChecked
    : field.tagName === 'SELECT' ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((o) => o.defaultSelected)) : field.value !== field.defaultValue
  return main.ariaBusy === 'true' || [...main.querySelectorAll('input:not([type=hidden]), textarea, select')].some(there)
}

// options: those of fetch; push: the address goes into the history; quiet: nothing is said of what goes wrong.
export async function swap(address, {options = {}, push = false, quiet = false} = {}) {
  const mine = ++asked
  main.ariaBusy = 'true'
  try {
    const answer = await fetch(address, {...options, headers: {fragment: 'main'}, credentials: 'same-origin'})
    const page = new DOMParser().parseFromString(policy.createHTML(await answer.text()), 'text/html')
    if (mine !== asked) return false
    if (answer.status === 401) return location.reload()
    const refused = page.querySelector('[data-refusal] [role=alert]')
    if (refused) {
      if (!quiet) tell(refused.textContent)
      return false
    }
    put(page)
    if (push || answer.redirected) history.pushState(null, '', answer.url)
    document.dispatchEvent(new CustomEvent('swapped'))
    return true
  } catch (error) {
    if (!quiet && mine === asked) tell(document.documentElement.lang === 'de' ? 'Der Server antwortet nicht.' : 'The server does not answer.')
    return false
  } finally {
    if (mine === asked) main.ariaBusy = null
  }
}

function put(page) {
  const kept = remember()
  main.replaceChildren(...page.body.childNodes)
  announce()
  const title = main.querySelector('h1')
  if (title) document.title = `${title.firstChild.textContent.trim()} · Loopwright`
  for (const link of document.querySelectorAll('.side a[data-go]')) {
    if (location.pathname.startsWith(link.pathname)) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  kept()
}

function remember() {
  const focused = main.contains(document.activeElement) ? document.activeElement : null
  const open = [...main.querySelectorAll('details[open][id]')].map((d) => d.id)
  const row = focused?.closest('[data-row]')
  const place = focused && [focused.id, row?.id, focused.name, focused.value, focused.selectionStart]
  const here = main.querySelector('.here')?.id
  const top = scrollY
  return () => {
    for (const id of open) document.getElementById(id)?.setAttribute('open', '')
    if (here) document.getElementById(here)?.classList.add('here')
    scrollTo(0, top)
    const wrong = main.querySelector('[aria-invalid], [data-attend]')
    if (wrong) return wrong.focus()
    if (!place) return
    const [id, rowId, name, value, caret] = place
    const inside = rowId && document.getElementById(rowId)
    const found = (id && document.getElementById(id))
      || (name && [...(inside || main).querySelectorAll(`[name="${CSS.escape(name)}"]`)].find((f) => f.value === value || f.type === 'text' || f.type === 'search'))
      || (inside && inside.querySelector('[data-open]'))
    ;(found || main).focus({preventScroll: true})
    if (found && caret != null && found.setSelectionRange) found.setSelectionRange(caret, caret)
  }
}

document.addEventListener('submit', (event) => {
  const form = event.target
  if (!('swap' in form.dataset) || event.defaultPrevented) return
  event.preventDefault()
  // a field of that name hides the property, and a button may have an address of its own
  const action = event.submitter?.getAttribute('formaction') || form.getAttribute('action')
  const data = new URLSearchParams(new FormData(form, event.submitter))
  if (form.method === 'get') {
    for (const [name, value] of [...data]) if (!value) data.delete(name, value)
    swap(`${action.split('?')[0]}?${data}`, {push: true})
  } else {
    const button = event.submitter
    if (button) button.disabled = true
    swap(action, {options: {method: 'POST', body: data}}).then(() => { if (button) button.disabled = false })
  }
})
document.addEventListener('change', (event) => {
  const form = event.target.form
  if (form && 'atOnce' in form.dataset && event.target.type !== 'search') form.requestSubmit()
})
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-swap]')
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return
  event.preventDefault()
  swap(link.href, {push: true}).then((done) => { if (done) scrollTo(0, 0) })
})
addEventListener('popstate', () => { if (!location.hash) swap(location.href) })
