"""What is given to students: notebooks and an installable `lib`, without a reference answer in them."""
