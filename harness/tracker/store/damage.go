package store

import "fmt"

// Damage is the error of something stored that cannot be what was written.
type Damage struct{ What string }

func (d *Damage) Error() string { return d.What }

func damaged(format string, args ...any) error { return &Damage{fmt.Sprintf(format, args...)} }
