package firewall

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// ipset is the backend that keeps bans in ipsets and stops packets with rules of iptables.
type ipset struct {
	*ipsets
	tables []*xtable
}

func openIPSet(o Options) (*ipset, error) {
	tables, err := openXTables(o.Program)
	if err != nil {
		return nil, err
	}
	sets, err := openIPSets(o.MaxElem)
	if err != nil {
		return nil, err
	}
	return &ipset{sets, tables}, nil
}

// openXTables finds iptables for both families; for IPv6 only where the kernel speaks it.
func openXTables(program string) ([]*xtable, error) {
	if program == "" {
		program = "iptables"
	}
	var tables []*xtable
	for _, f := range families() {
		if f.v6 && !kernelHasIPv6() {
			continue
		}
		t, err := openXTable(f, program)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func kernelHasIPv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return !errors.Is(err, unix.EAFNOSUPPORT)
}

func (b *ipset) stand(ctx context.Context, blocks []block) (repairs, error) {
	made, err := b.ipsets.stand(blocks)
	if err != nil {
		return made, err
	}
	var errs []error
	for _, t := range b.tables {
		want, err := t.hookRules(blocks, block.setRules)
		s, err2 := t.stand(ctx, layout{hooks: want})
		errs = append(errs, err, err2)
		made.done = append(made.done, describe(t.f, s.done)...)
	}
	return made, errors.Join(append(errs, b.destroy(blocks))...)
}

// hookRules gathers the rules of all jails by the hook they are for.
func (t *xtable) hookRules(blocks []block, of func(block, family, string) rules) (map[string]rules, error) {
	wanted := map[string]rules{}
	auto, err := t.autoHooks(blocks)
	for _, b := range blocks {
		hooks := b.chains
		if b.auto {
			hooks = slices.Concat(hooks, auto)
		}
		for _, hook := range hooks {
			wanted[hook] = append(wanted[hook], of(b, t.f, hook)...)
		}
	}
	return wanted, err
}

// autoHooks are the chains that packets to published ports of containers pass, where there may be any.
func (t *xtable) autoHooks(blocks []block) ([]string, error) {
	if !wantsForward(blocks) {
		return nil, nil
	}
	docker, err := t.list("DOCKER-USER")
	if docker == nil {
		return []string{"FORWARD"}, err
	}
	return []string{"FORWARD", "DOCKER-USER"}, err
}

func describe(f family, done []string) []string {
	var words []string
	for _, d := range done {
		words = append(words, fmt.Sprintf("IPv%s %s", f.digit, d))
	}
	return words
}

func (b *ipset) lift(ctx context.Context) error {
	var errs []error
	for _, t := range b.tables {
		errs = append(errs, t.lift(ctx))
	}
	return errors.Join(append(errs, b.destroy(nil))...)
}

func (b *ipset) close() error {
	b.ipsets.close()
	return nil
}
