package bridge

import (
	"luv/compat"
	"luv/csrc/core"
)

func init() { core.AddSource(compat.Source) }
