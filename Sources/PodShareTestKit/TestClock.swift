import PodShare
