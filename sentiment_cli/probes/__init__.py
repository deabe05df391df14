"""What behaviour is expected of a classifier of sentiment, case by case, and does it show it?"""
