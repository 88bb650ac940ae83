package harness

var usersFields = []field[Users]{
	{"count", func(d *decoder, v value, u *Users) { d.integer(v, &u.Count) }},
	{"requests", func(d *decoder, v value, u *Users) { d.integer(v, &u.Requests) }},
	{"think", func(d *decoder, v value, u *Users) { d.duration(v, &u.Think) }},
	{"thinking", func(d *decoder, v value, u *Users) {
		d.name(v, "kind of pauses", []string{ThinkFixed, ThinkExponential}, &u.Thinking)
	}},
	{"cookies", func(d *decoder, v value, u *Users) { d.boolean(v, &u.Cookies) }},
}

func (d *decoder) users(v value, into **Users) {
	var users Users
	mapping(d, v, usersFields, &users)
	*into = &users
}
