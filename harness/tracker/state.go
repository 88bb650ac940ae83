package tracker

import "fmt"

// RestoreCustomer enters a customer that was stored.
func (c *Counts) RestoreCustomer(id uint32, name string) error {
	key := []byte(name)
	hash := c.customers.index.hash(key)
	n, ok := c.customers.index.find(key, hash, c.customers.names)
	if ok || id != uint32(len(c.customers.names)) || id >= maxCustomers {
		return fmt.Errorf("customer %d %q: stored twice as %d, out of order, or more than %d", id, name, n, maxCustomers)
	}
	c.customers.add(hash, name)
	c.firstNew = id + 1
	return nil
}

// RestoreBook enters a book that was stored.
func (c *Counts) RestoreBook(s BookState) error {
	for uint32(len(c.books)) <= s.ID {
		c.books = append(c.books, nil)
	}
	if c.books[s.ID] != nil {
		return fmt.Errorf("book %d is stored twice", s.ID)
	}
	o := c.origin(s.Source, s.Table)
	if s.Kind == BookClosed {
		c.note(o, s)
		if b := o.generations[s.Generation].of(o); b != nil {
			b.closing = true
		}
		return nil
	}
	b := &book{BookState: s, origin: o, hour: HourOf(s.Touched), stored: true}
	if err := c.place(b); err != nil {
		return err
	}
	c.books[s.ID] = b
	c.open++
	o.books = append(o.books, b)
	return nil
}

// place enters a book where its origin looks for it.
func (c *Counts) place(b *book) error {
	o := b.origin
	special := map[BookKind]**book{BookLog: &o.log, BookRetired: &o.retired}[b.Kind]
	switch {
	case b.Kind == BookTable && c.rules.Keys == GenerationKeys && b.Generation == "":
		return fmt.Errorf("book %d of source %s has no generation: it was not counted with %s keys", b.ID, b.Source, GenerationKeys)
	case b.Kind == BookTable && c.rules.Keys == GenerationKeys:
		g := o.generations[b.Generation]
		if g.of(o) != nil {
			return fmt.Errorf("book %d: generation %q of source %s is stored twice", b.ID, b.Generation, b.Source)
		}
		b.closing = g.closedFor(o)
		g.books = append(g.books, b)
		o.generations[b.Generation] = g
		return nil
	case b.Kind == BookTable && b.Generation == "":
		special = &o.plain
	case b.Kind == BookTable:
		return fmt.Errorf("book %d of source %s has generation %q: it was not counted with %s keys", b.ID, b.Source, b.Generation, PlainKeys)
	case special == nil:
		return fmt.Errorf("book %d is of kind %d, which is not known", b.ID, b.Kind)
	}
	if *special != nil {
		return fmt.Errorf("book %d: source %s has another one of kind %d", b.ID, b.Source, b.Kind)
	}
	*special = b
	return nil
}

// RestoreEntry enters an entry that was stored.
func (c *Counts) RestoreEntry(s EntryState) error {
	if int(s.Book) >= len(c.books) || c.books[s.Book] == nil || int(s.Customer) >= len(c.customers.names) {
		return fmt.Errorf("entry of book %d and customer %d: one of them is not stored", s.Book, s.Customer)
	}
	b := c.books[s.Book]
	if b.entries.find(s.Customer) != nil {
		return fmt.Errorf("entry of book %d and customer %d is stored twice", s.Book, s.Customer)
	}
	if c.size >= maxKeys {
		return fmt.Errorf("entry of book %d and customer %d: already %d", s.Book, s.Customer, maxKeys)
	}
	e := c.addEntry(b, s.Customer)
	e.base, e.last = s.Base, s.Last
	b.sum += e.total()
	c.customers.restore(s.Customer, e.total())
	return nil
}
