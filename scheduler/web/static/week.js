// A week of starts: arrows go up, down and to the side, what stands against a start is told, and the interview can be dragged.
const field = (cell) => cell?.querySelector('input[type=radio]')
const cellOf = (input) => input.closest('td')

function told(input) {
  const line = document.getElementById('why')
  const label = input.closest('label')
  if (line && label) line.textContent = [label.querySelector('.unseen').textContent, label.title].filter(Boolean).join('. ')
}

function choose(input) {
  input.checked = true
  input.focus({preventScroll: true})
  told(input)
}

addEventListener('keydown', (event) => {
  const input = event.target
  if (!input.matches?.('[data-week] input[type=radio]')) return
  const cell = cellOf(input), at = cell.cellIndex
  const [rows, columns] = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key] || [0, 0]
  if (event.key === 'Enter') { event.preventDefault(); return input.form.requestSubmit() }
  if (!rows && !columns) return
  event.preventDefault()
  let row = cell.parentElement, column = at
  do {
    column += columns
    row = rows < 0 ? row?.previousElementSibling : rows > 0 ? row?.nextElementSibling : row
  } while (row?.cells[column] && !field(row.cells[column]))
  const next = field(row?.cells[column])
  if (next) { choose(next); next.scrollIntoView?.({block: 'nearest'}) }
})
document.addEventListener('change', (event) => {
  if (event.target.matches('[data-week] input[type=radio]')) told(event.target)
})
document.addEventListener('pointerdown', (event) => {
  const from = event.target.closest?.('[data-drag]')
  if (!from || event.button) return
  event.preventDefault()
  const table = from.closest('table')
  let over = from
  const move = (e) => {
    const cell = document.elementFromPoint(e.clientX, e.clientY)?.closest('td')
    if (!cell || cell === over || !table.contains(cell) || !field(cell)) return
    over.classList.remove('over')
    over = cell
    over.classList.add('over')
    choose(field(cell))
  }
  const drop = () => {
    removeEventListener('pointermove', move)
    over.classList.remove('over')
    if (over !== from) field(over).form.requestSubmit()
  }
  addEventListener('pointermove', move)
  addEventListener('pointerup', drop, {once: true})
  addEventListener('pointercancel', drop, {once: true})
})
