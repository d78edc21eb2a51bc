package main

import (
	"bailiff/firewall"
	"bailiff/jails/config"
)

// specs says what the kernel is to block for each jail that holds bans.
func specs(c *config.Config) (all []firewall.Spec) {
	for _, j := range c.Holding() {
		if j.Firewall.Kind != "none" {
			all = append(all, spec(j))
		}
	}
	return all
}

func spec(j *config.Jail) firewall.Spec {
	f := j.Firewall
	return firewall.Spec{Jail: j.Name, Ports: f.Ports, AllPorts: f.Kind == "allports", Protocols: f.Protocols, Chains: f.Chains,
		BlockType: f.BlockType, Log: f.Log, KeepConnections: f.KeepConnections, Egress: f.Egress}
}
