"""Deals: the transaction of selling or leasing one stock unit, up to its delivery and, if need be, its unwinding."""
