package harness

var connectFields = []field[Connect]{
	{"most", func(d *decoder, v value, c *Connect) { d.integer(v, &c.Most) }},
	{"reuse", func(d *decoder, v value, c *Connect) {
		d.name(v, "order of reuse", []string{ReuseRecent, ReuseOldest}, &c.Reuse)
	}},
	{"requests", func(d *decoder, v value, c *Connect) { d.integer(v, &c.Requests) }},
	{"resume", func(d *decoder, v value, c *Connect) {
		c.Resume = new(Share)
		d.share(v, c.Resume)
	}},
	{"tls", func(d *decoder, v value, c *Connect) { d.name(v, "version of TLS", []string{"1.2", "1.3"}, &c.TLS) }},
}

func (d *decoder) connect(v value, into **Connect) {
	var connect Connect
	mapping(d, v, connectFields, &connect)
	*into = &connect
}
