package harness

import (
	"fmt"
	"strconv"
	"strings"
)

// Customer returns the name of a customer, 0 first: its quota key, and the first label
// of its host.
func (w Workload) Customer(number int) string { return fmt.Sprintf("%sc%04d", w.Prefix, number) }

// CustomerNumber returns the number of a customer, whatever prefix its name has.
func CustomerNumber(name string) (number int, ok bool) {
	at := strings.LastIndexByte(name, 'c')
	if at < 0 || strings.TrimLeft(name[at+1:], "0123456789") != "" { // Atoi takes signs too
		return 0, false
	}
	number, err := strconv.Atoi(name[at+1:])
	return number, err == nil
}
