package main

// turns.go - lets contenders run in turn. The one rule: every round begins with another
// contender, so that none always runs on the machine that its neighbour left warm.

// contender is one way to do a piece of work. Its limit, if it has one, is the name of
// another; with -self that one runs in its place.
type contender struct {
	name, limit string
	run         func() (values, error)
}

// results are the values of each contender, round by round.
type results map[string][]values

func (b *bench) turns(rounds int, list ...contender) (results, error) {
	byName := map[string]contender{}
	for _, c := range list {
		byName[c.name] = c
	}
	r := results{}
	for round := range rounds {
		for i := range list {
			c := list[(i+round)%len(list)]
			run := c.run
			if b.self && c.limit != "" {
				run = byName[c.limit].run
			}
			v, err := run()
			if err != nil {
				return nil, err
			}
			r[c.name] = append(r[c.name], v)
		}
	}
	return r, nil
}

// column is one value of one contender in every round.
func (r results) column(contender, key string) []float64 {
	var list []float64
	for _, v := range r[contender] {
		if x, ok := v[key]; ok {
			list = append(list, x)
		}
	}
	return list
}
