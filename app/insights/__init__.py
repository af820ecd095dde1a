"""The dealership's own figures: customer activity and average selling price, with the rows behind them."""
