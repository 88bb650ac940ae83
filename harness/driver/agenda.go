package driver

// agenda holds users who think, the next one to ask first: a heap, which allocates only
// where there are more of them than ever before.
type agenda []*user

// agendaRoom is for how many users there is room from the beginning.
const agendaRoom = 4096

// before puts users in order. Of two at the same time the lower seat goes first.
func (a agenda) before(i, j int) bool {
	return a[i].due < a[j].due || a[i].due == a[j].due && a[i].seat < a[j].seat
}

func (a *agenda) add(u *user) {
	*a = append(*a, u)
	h := *a
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.before(i, up) {
			return
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

// next returns the user who asks next, and takes it out. There must be one.
func (a *agenda) next() *user {
	h := *a
	first, last := h[0], len(h)-1
	h[0], h[last] = h[last], nil
	h = h[:last]
	*a = h
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if h.before(child, least) {
				least = child
			}
		}
		if least == i {
			return first
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}
