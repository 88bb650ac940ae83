package reports

// table is a table before any format has touched it. Cells are clipped, never
// escaped: escaping belongs to the format.
type table struct {
	Title    string
	Note     string // what was measured and how to read it
	Columns  []column
	Rows     []row
	Omitted  int      // rows beyond the cap
	Warnings []string // each weakens a number of this table
}

// column is one column of a table.
type column struct {
	Name  string
	Right bool // numbers are aligned right
}

// row is one row; Mark is empty or the class of the status that it bears.
type row struct {
	Cells []string
	Mark  string
}

func left(name string) column  { return column{Name: name} }
func right(name string) column { return column{Name: name, Right: true} }

// add appends a row of cells.
func (t *table) add(mark string, cells ...string) {
	t.Rows = append(t.Rows, row{Cells: cells, Mark: mark})
}

// limit caps the rows.
func (t *table) limit(rows int) {
	var more int
	t.Rows, more = first(t.Rows, rows)
	t.Omitted += more
}

// names returns the names of the columns.
func (t *table) names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}
