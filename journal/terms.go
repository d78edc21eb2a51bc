package journal

// A node finds the entries of one file that match, in order.
type node interface {
	// seek returns the first entry at or after an offset and within the horizon, none when there is none for now.
	seek(f *file, u *unpacker, least uint64) uint64
	// renew is called when the horizon has moved: where there was none there may be one now.
	renew()
}

// every is the node of no match at all.
type every struct{}

func (every) renew() {}

func (every) seek(f *file, _ *unpacker, least uint64) uint64 {
	f.entries.n = f.seen
	return f.entries.next(f, least)
}

// compile makes the nodes of a match for one file.
func (m Match) compile(l *layout) node {
	if m == nil {
		return every{}
	}
	groups := make([]node, 0, len(m))
	for _, group := range m {
		terms := make([]node, 0, len(group))
		for _, t := range group {
			terms = append(terms, t.compile(l))
		}
		if len(group) == 0 {
			return every{}
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

// A leaf holds for the entries with one value of one field: they stand in that data object's entry array.
type leaf struct {
	payload []byte
	hash    uint64
	data    uint64 // the data object; 0: the file has none so far
	missed  uint64 // the last object of its hash chain when it was not found there
	first   uint64 // its first entry, which is not in the array
	list    list
	at      uint64 // what seek returned last; 0: ask again
}

func (l *leaf) renew() {
	if l.at == none {
		l.at = 0
	}
}

func (l *leaf) seek(f *file, u *unpacker, least uint64) uint64 {
	if l.at < least {
		l.at = l.look(f, u, least)
		if l.at > f.horizon {
			l.at = none
		}
	}
	return l.at
}

func (l *leaf) look(f *file, u *unpacker, least uint64) uint64 {
	if l.data == 0 {
		last := le.Uint64(f.b[f.bucket(l.hash)+8:])
		if last == l.missed {
			return none // of a thousand values most never come
		}
		if l.data = f.find(l.payload, l.hash, u); l.data == 0 {
			l.missed = last
			return none
		}
	}
	n := f.number(l.data + atDataEntries)
	if n == 0 {
		return none
	}
	if l.first == 0 {
		l.first = l.begin(f, n)
	}
	if l.first >= least {
		return l.first
	}
	if l.list.array == 0 {
		l.list.array = le.Uint64(f.b[l.data+atDataArray:])
	}
	l.list.n = n - 1
	return l.list.next(f, least)
}

// begin returns the data object's first entry, or, where its place is damaged, one before all others.
func (l *leaf) begin(f *file, n uint64) uint64 {
	at := le.Uint64(f.b[l.data+atDataEntry:])
	rest := list{array: le.Uint64(f.b[l.data+atDataArray:]), n: n - 1}
	if at == 0 || rest.get(f, 0) <= at {
		f.damaged++
		return 1
	}
	return at
}

// A disjunction holds where any of its parts does. The parts are a heap by where each is, so that a thousand of them cost
// an entry no more than a few steps.
type disjunction struct {
	parts []part
}

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

func (d *disjunction) seek(f *file, u *unpacker, least uint64) uint64 {
	if len(d.parts) == 0 {
		return none
	}
	for top := &d.parts[0]; top.at < least; {
		top.at = top.seek(f, u, least)
		d.sink(0)
	}
	return d.parts[0].at
}

// sink puts the part at i where it belongs.
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

func (c *conjunction) seek(f *file, u *unpacker, least uint64) uint64 {
	for agreed := 0; agreed < len(c.parts); {
		agreed = 0
		for _, p := range c.parts {
			at := p.seek(f, u, least)
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
