"""The relaxation: the least price of each first start, and of each way through the days. numpy only."""
