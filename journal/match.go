package journal

// A node finds the entries of one file that match, in order.
type node interface {
	// seek returns the first entry at or after an offset and within the
	// horizon, none when there is none for now.
	seek(m *mapping, least uint64) uint64
	// renew is called when the horizon has moved: where there was no entry
	// there may be one now.
	renew()
}

// A feed yields the entries that a node finds, one after the other.
type feed struct {
	node
	from uint64 // the next entry lies at or after this offset
}

// next returns the offset of the next entry, none when there is none for now.
func (c *feed) next(m *mapping) uint64 {
	at := c.seek(m, c.from)
	if at != none {
		c.from = at + 1
	}
	return at
}

// every is the node of no match at all.
type every struct{ entries list }

func (*every) renew() {}

func (e *every) seek(m *mapping, least uint64) uint64 {
	if e.entries.array == 0 { // perhaps the file was empty
		e.entries = m.chain(0)
	}
	e.entries.n = m.seen
	return e.entries.next(m, least)
}

// compile makes the nodes of a match for one file.
func (m Match) compile(l *layout) node {
	if m == nil {
		return &every{}
	}
	groups := make([]node, 0, len(m))
	for _, group := range m {
		if len(group) == 0 {
			return &every{}
		}
		terms := make([]node, 0, len(group))
		for _, t := range group {
			terms = append(terms, t.compile(l))
		}
		groups = append(groups, all(terms))
	}
	return either(groups)
}

func (t Term) compile(l *layout) node {
	leaves := make([]node, 0, len(t.Values))
	for _, v := range t.Values {
		payload := []byte(t.Field + "=" + v)
		leaves = append(leaves, &leaf{payload: payload, hash: l.hash(payload)})
	}
	return either(leaves)
}

// A leaf holds for the entries with one value of one field. They stand in the
// entry array of the data object that holds the value.
type leaf struct {
	payload []byte
	hash    uint64
	data    uint64 // the data object; 0: the file has none so far
	missed  uint64 // the last object of its hash chain when it was not found there
	first   uint64 // its first entry, which is not in the array
	list    list
	at      uint64 // what seek returned last; 0: look again
}

func (l *leaf) renew() {
	if l.at == none {
		l.at = 0
	}
}

func (l *leaf) seek(m *mapping, least uint64) uint64 {
	if l.at < least {
		l.at = l.locate(m, least)
		if l.at > m.horizon {
			l.at = none
		}
	}
	return l.at
}

// locate is seek, whatever was returned before and whatever the horizon is.
func (l *leaf) locate(m *mapping, least uint64) uint64 {
	if l.data == 0 {
		last := le.Uint64(m.b[m.bucket(l.hash)+8:])
		if last == l.missed {
			return none // of a thousand values most never come
		}
		if l.data = m.find(l.payload, l.hash); l.data == 0 {
			l.missed = last
			return none
		}
	}
	n := m.number(l.data + atDataEntries)
	if n == 0 {
		return none
	}
	if l.first == 0 {
		l.first = l.begin(m, n)
	}
	if l.first >= least {
		return l.first
	}
	if l.list.array == 0 {
		l.list.array = le.Uint64(m.b[l.data+atDataArray:])
	}
	l.list.n = n - 1
	return l.list.next(m, least)
}

// begin returns the data object's first entry, or, where that offset is
// damaged, one before all others.
func (l *leaf) begin(m *mapping, n uint64) uint64 {
	at := le.Uint64(m.b[l.data+atDataEntry:])
	rest := list{array: le.Uint64(m.b[l.data+atDataArray:]), n: n - 1}
	if at == 0 || rest.get(m, 0) <= at {
		m.damaged++
		return 1
	}
	return at
}

// A disjunction holds where any of its parts does. The parts are a heap by the
// offset at which each is. A thousand of them cost an entry only a few steps.
type disjunction struct{ parts []part }

type part struct {
	node
	at uint64 // what its seek returned last
}

func either(nodes []node) node {
	if len(nodes) == 1 {
		return nodes[0]
	}
	d := &disjunction{}
	for _, n := range nodes {
		d.parts = append(d.parts, part{node: n})
	}
	return d
}

func (d *disjunction) renew() {
	for i := range d.parts {
		d.parts[i].renew()
		if d.parts[i].at == none {
			d.parts[i].at = 0
		}
	}
	for i := len(d.parts)/2 - 1; i >= 0; i-- {
		d.sink(i)
	}
}

func (d *disjunction) seek(m *mapping, least uint64) uint64 {
	if len(d.parts) == 0 {
		return none
	}
	for top := &d.parts[0]; top.at < least; {
		top.at = top.seek(m, least)
		d.sink(0)
	}
	return d.parts[0].at
}

// sink moves the part at an index down to where it belongs.
func (d *disjunction) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(d.parts); child++ {
			if d.parts[child].at < d.parts[least].at {
				least = child
			}
		}
		if least == i {
			return
		}
		d.parts[i], d.parts[least] = d.parts[least], d.parts[i]
		i = least
	}
}

// A conjunction holds where all of its parts do.
type conjunction struct{ parts []node }

func all(nodes []node) node {
	if len(nodes) == 1 {
		return nodes[0]
	}
	return &conjunction{nodes}
}

func (c *conjunction) renew() {
	for _, p := range c.parts {
		p.renew()
	}
}

func (c *conjunction) seek(m *mapping, least uint64) uint64 {
	for agreed := 0; agreed < len(c.parts); {
		agreed = 0
		for _, p := range c.parts {
			at := p.seek(m, least)
			if at == none {
				return none
			}
			if at == least {
				agreed++
			}
			least = at
		}
	}
	return least
}
