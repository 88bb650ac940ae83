package main

import (
	"os"

	"github.com/vbauerster/mpb/v8/cwriter"
)

// colour says whether the report on stdout may be coloured: on a terminal,
// unless NO_COLOR (see no-color.org) or a dumb terminal forbids it.
func (a *app) colour() bool {
	return terminal(a.stdout) && os.Getenv("NO_COLOR") == ""
}

// terminal says whether w is a terminal that can move its cursor.
func terminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && cwriter.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// columns is how wide a terminal says it is; some say nothing.
func columns(w any) int {
	if !terminal(w) {
		return 0
	}
	width, _, err := cwriter.GetSize(int(w.(*os.File).Fd()))
	if err != nil {
		return 0
	}
	return width
}
